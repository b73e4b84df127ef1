import { createHash } from "node:crypto";
import type { RunInstancesCommandInput, Tag } from "@aws-sdk/client-ec2";
import { Fault } from "../../wire/handler.ts";

/**
 * The parameters that mean something here. Any other one is refused: who asks for an encrypted disk must not get none.
 */
const SUPPORTED: ReadonlySet<string> = new Set<keyof RunInstancesCommandInput>([
  "ClientToken",
  "DisableApiTermination",
  "DryRun",
  "IamInstanceProfile",
  "ImageId",
  "InstanceInitiatedShutdownBehavior",
  "InstanceType",
  "KeyName",
  "MaxCount",
  "MetadataOptions",
  "MinCount",
  "Monitoring",
  "NetworkInterfaces",
  "Placement",
  "SecurityGroupIds",
  "SecurityGroups",
  "SubnetId",
  "TagSpecifications",
  "UserData",
]);
const NETWORK_SUPPORTED: ReadonlySet<string> = new Set(["DeviceIndex", "Groups", "SubnetId"]);
const PLACEMENT_SUPPORTED: ReadonlySet<string> = new Set(["AvailabilityZone"]);
/** The one security group that there is: nothing of it is configurable, so no other can be meant. */
const DEFAULT_GROUP = "sg-default";
/** `t3.small`, `c7g.2xlarge`, `u-6tb1.metal`: family, generation and options, size. */
const INSTANCE_TYPE =
  /^[a-z]+(?:\d[a-z0-9-]*|-[a-z0-9]+)\.(?:nano|micro|small|medium|(?:\d+)?x?large|metal(?:-\d+xl)?)$/;
const USER_DATA_MAX_BYTES = 16_384;
const TAGS_MAX = 50;

/** A RunInstances request that EC2 would take. */
export interface RunRequest {
  readonly minCount: number;
  readonly maxCount: number;
  readonly clientToken: string | null;
  /** Of everything else: the same token with another fingerprint is a mistake of the caller. */
  readonly fingerprint: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string | null;
  readonly availabilityZone: string | null;
  readonly securityGroupIds: readonly string[];
  readonly profileName: string | null;
  readonly userData: string;
  readonly detailedMonitoring: boolean;
  readonly shutdownBehavior: "stop" | "terminate";
  readonly terminationProtected: boolean;
  readonly httpTokens: "required" | "optional";
  readonly httpEndpoint: "enabled" | "disabled";
  readonly instanceMetadataTags: "enabled" | "disabled";
  readonly tags: Readonly<Record<string, string>>;
}

/** Checks and defaults; throws EC2's fault for what it would refuse. */
export function readRunRequest(input: RunInstancesCommandInput): RunRequest {
  const { ClientToken, DryRun: _, ...rest } = input;
  refuseUnsupported(input);
  const { MinCount, MaxCount } = input;
  if (MinCount === undefined) throw missing("MinCount");
  if (MaxCount === undefined) throw missing("MaxCount");
  if (MinCount < 1 || MaxCount < 1) {
    throw new Fault(
      "InvalidParameterValue",
      `Value (${MinCount < 1 ? MinCount : MaxCount}) for parameter ${MinCount < 1 ? "minCount" : "maxCount"} is invalid. Expected at least 1.`,
    );
  }
  if (MinCount > MaxCount) {
    throw new Fault("InvalidParameterValue", `minCount (${MinCount}) must not be greater than maxCount (${MaxCount}).`);
  }
  if (input.ImageId === undefined) throw missing("ImageId");
  if (!/^(ami-[0-9a-f]{8,17}|resolve:ssm:.+)$/.test(input.ImageId)) {
    throw new Fault("InvalidAMIID.Malformed", `Invalid id: "${input.ImageId}" (expecting "ami-...")`);
  }
  if (ClientToken !== undefined && ClientToken.length > 64) {
    throw new Fault("InvalidParameterValue", "ClientToken must be at most 64 characters long.");
  }
  const behavior = input.InstanceInitiatedShutdownBehavior ?? "stop";
  if (behavior !== "stop" && behavior !== "terminate") {
    throw new Fault(
      "InvalidParameterValue",
      `Value (${behavior}) for parameter instanceInitiatedShutdownBehavior is invalid. Expected 'stop' or 'terminate'.`,
    );
  }
  const [network] = input.NetworkInterfaces ?? [];
  return {
    minCount: MinCount,
    maxCount: MaxCount,
    clientToken: ClientToken === undefined || ClientToken === "" ? null : ClientToken,
    fingerprint: createHash("sha256").update(canonicalJson(rest)).digest("hex"),
    imageId: input.ImageId,
    instanceType: input.InstanceType ?? "m1.small", // EC2's default to this day
    subnetId: input.SubnetId ?? network?.SubnetId ?? null,
    availabilityZone: input.Placement?.AvailabilityZone ?? null,
    securityGroupIds: [DEFAULT_GROUP],
    profileName: input.IamInstanceProfile?.Name ?? input.IamInstanceProfile?.Arn?.split("/").at(-1) ?? null,
    userData: readUserData(input.UserData),
    detailedMonitoring: input.Monitoring?.Enabled ?? false,
    shutdownBehavior: behavior,
    terminationProtected: input.DisableApiTermination ?? false,
    httpTokens: input.MetadataOptions?.HttpTokens === "optional" ? "optional" : "required",
    httpEndpoint: input.MetadataOptions?.HttpEndpoint === "disabled" ? "disabled" : "enabled",
    instanceMetadataTags: input.MetadataOptions?.InstanceMetadataTags === "enabled" ? "enabled" : "disabled",
    tags: readTags(
      (input.TagSpecifications ?? [])
        .filter((given) => given.ResourceType === "instance")
        .flatMap((given) => given.Tags ?? []),
    ),
  };
}

function refuseUnsupported(input: RunInstancesCommandInput): void {
  const [network, ...others] = input.NetworkInterfaces ?? [];
  const unsupported =
    unknownMember(input, SUPPORTED) ??
    unknownMember(network, NETWORK_SUPPORTED) ??
    unknownMember(input.Placement, PLACEMENT_SUPPORTED) ??
    (others.length > 0 ? "NetworkInterface.2" : undefined);
  if (unsupported !== undefined) {
    throw new Fault(
      "UnsupportedOperation",
      `local-cloud does not support the parameter ${unsupported} of RunInstances.`,
    );
  }
  if (input.KeyName !== undefined)
    throw new Fault("InvalidKeyPair.NotFound", `The key pair '${input.KeyName}' does not exist`);
  const groups = [...(input.SecurityGroupIds ?? []), ...(network?.Groups ?? [])];
  const group = groups.find((id) => id !== DEFAULT_GROUP) ?? input.SecurityGroups?.find((name) => name !== "default");
  if (group !== undefined) throw new Fault("InvalidGroup.NotFound", `The security group '${group}' does not exist`);
  if (input.InstanceType !== undefined && !INSTANCE_TYPE.test(input.InstanceType))
    throw new Fault("InvalidParameterValue", `Invalid value '${input.InstanceType}' for InstanceType.`);
}

function unknownMember(given: object | undefined, supported: ReadonlySet<string>): string | undefined {
  return Object.entries(given ?? {}).find(([name, value]) => value !== undefined && !supported.has(name))?.[0];
}

/** Tags as a record; throws for what EC2 does not take as a tag. */
export function readTags(tags: readonly Tag[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (const { Key = "", Value = "" } of tags) {
    if (Key === "") throw new Fault("InvalidParameterValue", "Tag keys must not be empty.");
    if (Key.toLowerCase().startsWith("aws:")) {
      throw new Fault("InvalidParameterValue", `Tag keys starting with 'aws:' are reserved for internal use: ${Key}`);
    }
    if (Key.length > 127)
      throw new Fault("InvalidParameterValue", `Tag key exceeds the maximum length of 127 characters: ${Key}`);
    if (Value.length > 255)
      throw new Fault("InvalidParameterValue", `Tag value exceeds the maximum length of 255 characters: ${Key}`);
    if (Object.hasOwn(record, Key)) throw new Fault("InvalidParameterValue", `Duplicate tag key '${Key}' specified.`);
    // Not by assignment: "__proto__" is a tag key like any other.
    Object.defineProperty(record, Key, { value: Value, enumerable: true, configurable: true, writable: true });
  }
  checkTagCount(record);
  return record;
}

export function checkTagCount(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > TAGS_MAX) {
    throw new Fault("TagLimitExceeded", `More than ${TAGS_MAX} tags specified`);
  }
}

function readUserData(encoded: string | undefined): string {
  if (encoded === undefined || encoded === "") return "";
  const compact = encoded.replaceAll(/\s/g, "");
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.replace(/=+$/, "").length % 4 === 1) {
    throw new Fault("InvalidParameterValue", "Invalid BASE64 encoding of user data.");
  }
  const decoded = Buffer.from(compact, "base64");
  if (decoded.length > USER_DATA_MAX_BYTES) {
    throw new Fault("InvalidParameterValue", `User data is limited to ${USER_DATA_MAX_BYTES} bytes`);
  }
  return decoded.toString("utf8");
}

function missing(name: string): Fault {
  return new Fault("MissingParameter", `The request must contain the parameter ${name}`);
}

/** The same text for the same parameters, in whatever order they came. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  });
}
