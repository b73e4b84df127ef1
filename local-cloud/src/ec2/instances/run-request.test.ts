import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { expect, test } from "vitest";
import { Fault } from "../../wire/handler.ts";
import { readRunRequest } from "./run-request.ts";

const GOOD: RunInstancesCommandInput = { ImageId: "ami-0123456789abcdef0", MinCount: 1, MaxCount: 2 };

test.each<[Partial<RunInstancesCommandInput>, string]>([
  [{ ImageId: undefined }, "MissingParameter"],
  [{ MinCount: undefined }, "MissingParameter"],
  [{ ImageId: "debian" }, "InvalidAMIID.Malformed"],
  [{ MinCount: 0 }, "InvalidParameterValue"],
  [{ MinCount: 3 }, "InvalidParameterValue"],
  [{ UserData: "not base64!" }, "InvalidParameterValue"],
  [{ UserData: Buffer.alloc(16_385).toString("base64") }, "InvalidParameterValue"],
  [{ ClientToken: "x".repeat(65) }, "InvalidParameterValue"],
  [{ InstanceMarketOptions: { MarketType: "spot" } }, "UnsupportedOperation"],
  [{ BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeSize: 8 } }] }, "UnsupportedOperation"],
  [{ Placement: { Tenancy: "dedicated" } }, "UnsupportedOperation"],
  [{ NetworkInterfaces: [{ AssociatePublicIpAddress: true }] }, "UnsupportedOperation"],
  [{ NetworkInterfaces: [{ SubnetId: "a" }, { SubnetId: "b" }] }, "UnsupportedOperation"],
  [{ KeyName: "mine" }, "InvalidKeyPair.NotFound"],
  [{ SecurityGroupIds: ["sg-0123456789abcdef0"] }, "InvalidGroup.NotFound"],
  [{ SecurityGroups: ["web"] }, "InvalidGroup.NotFound"],
  [{ InstanceType: "t3.tiny" as never }, "InvalidParameterValue"],
  [{ TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "aws:x", Value: "" }] }] }, "InvalidParameterValue"],
  [
    {
      TagSpecifications: [
        { ResourceType: "instance", Tags: Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "" })) },
      ],
    },
    "TagLimitExceeded",
  ],
])("refuses %j with %s", (changes, code) => {
  try {
    readRunRequest({ ...GOOD, ...changes });
    expect.unreachable();
  } catch (error) {
    expect(error instanceof Fault ? error.code : error).toBe(code);
  }
});

test.each(["t3.small", "m5.large", "c7gn.16xlarge", "m7i-flex.xlarge", "r6id.metal", "u-6tb1.112xlarge"])(
  "knows the instance type %s",
  (InstanceType) => {
    expect(readRunRequest({ ...GOOD, InstanceType: InstanceType as never }).instanceType).toBe(InstanceType);
  },
);

test("takes user data of exactly 16 KiB", () => {
  expect(readRunRequest({ ...GOOD, UserData: Buffer.alloc(16_384, "a").toString("base64") }).userData).toHaveLength(
    16_384,
  );
});

test("has EC2's defaults", () => {
  expect(readRunRequest(GOOD)).toMatchObject({
    shutdownBehavior: "stop",
    httpTokens: "required",
    instanceMetadataTags: "disabled",
    detailedMonitoring: false,
    clientToken: null,
  });
});

test("tags of volumes are not the instance's", () => {
  const TagSpecifications = [{ ResourceType: "volume" as const, Tags: [{ Key: "Name", Value: "disk" }] }];
  expect(readRunRequest({ ...GOOD, TagSpecifications }).tags).toEqual({});
});

test("the fingerprint depends on all parameters but the token, and not on their order", () => {
  const fingerprint = (input: RunInstancesCommandInput) => readRunRequest(input).fingerprint;
  expect(fingerprint({ MaxCount: 2, MinCount: 1, ImageId: GOOD.ImageId })).toBe(fingerprint(GOOD));
  expect(fingerprint({ ...GOOD, ClientToken: "a" })).toBe(fingerprint(GOOD));
  expect(fingerprint({ ...GOOD, MaxCount: 3 })).not.toBe(fingerprint(GOOD));
});
