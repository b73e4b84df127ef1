import { createHash } from "node:crypto";
import type { RunInstancesCommandInput, Tag } from "@aws-sdk/client-ec2";
import { Fault } from "../../wire/handler.ts";

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
  readonly keyName: string | null;
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
    keyName: input.KeyName ?? null,
    subnetId: input.SubnetId ?? network?.SubnetId ?? null,
    availabilityZone: input.Placement?.AvailabilityZone ?? null,
    securityGroupIds: input.SecurityGroupIds ?? network?.Groups ?? input.SecurityGroups ?? ["sg-default"],
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
