import type { InstanceRecord } from "../instances/record.ts";
import type { Notice } from "../notices.ts";

/** What the metadata service tells of an instance. */
export type MetadataRecord = Pick<
  InstanceRecord,
  | "instanceId"
  | "reservationId"
  | "launchIndex"
  | "imageId"
  | "instanceType"
  | "availabilityZone"
  | "privateIpAddress"
  | "instanceMetadataTags"
  | "profileName"
  | "userData"
  | "tags"
  | "launchedAt"
> & { readonly securityGroupIds: readonly string[] };

export interface InstanceCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: Date;
}

export interface MetadataContext {
  readonly region: string;
  readonly accountId: string;
  readonly privateDnsName: string;
  /** What the role of an instance profile gives. */
  readonly credentialsOf: (profileName: string) => InstanceCredentials;
  readonly now: Date;
  /** What EC2 says of the instance's end. */
  readonly notice?: Notice | null;
}

export interface MetadataAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** A leaf is a text; a folder lists its children. */
type Node = string | (() => string) | { readonly [name: string]: Node };

/** What EC2's metadata service answers to a path after the version, such as `meta-data/instance-id`; undefined: 404. */
export function findMetadata(
  record: MetadataRecord,
  path: string,
  context: MetadataContext,
): MetadataAnswer | undefined {
  let node: Node | undefined = treeOf(record, context);
  for (const name of path.split("/").filter(Boolean)) {
    node = typeof node === "object" && Object.hasOwn(node, name) ? node[name] : undefined;
  }
  if (node === undefined) return undefined;
  if (typeof node === "object") {
    const lines = Object.entries(node).map(([name, child]) => (typeof child === "object" ? `${name}/` : name));
    return { contentType: "text/plain", body: lines.join("\n") };
  }
  const body = typeof node === "string" ? node : node();
  const isBinary = path.startsWith("user-data");
  return { contentType: isBinary ? "application/octet-stream" : "text/plain", body };
}

function treeOf(record: MetadataRecord, context: MetadataContext): Node {
  return {
    "meta-data": {
      "ami-id": record.imageId,
      "ami-launch-index": String(record.launchIndex),
      hostname: context.privateDnsName,
      ...(record.profileName === null ? {} : { iam: iamOf(record, record.profileName, context) }),
      events: eventsOf(context.notice ?? null),
      "instance-action": "none",
      "instance-id": record.instanceId,
      "instance-life-cycle": "on-demand",
      "instance-type": record.instanceType,
      "local-hostname": context.privateDnsName,
      "local-ipv4": record.privateIpAddress,
      placement: { "availability-zone": record.availabilityZone, region: context.region },
      "reservation-id": record.reservationId,
      "security-groups": record.securityGroupIds.join("\n"),
      services: { domain: "amazonaws.com", partition: "aws" },
      ...(context.notice?.kind === "spot" ? { spot: spotOf(context.notice.at) } : {}),
      ...(record.instanceMetadataTags === "enabled" ? { tags: { instance: record.tags } } : {}),
    },
    dynamic: { "instance-identity": { document: () => identityDocument(record, context) } },
    ...(record.userData === "" ? {} : { "user-data": record.userData }),
  };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html */
function spotOf(at: Date): Node {
  const time = awsInstant(at);
  return { "instance-action": JSON.stringify({ action: "terminate", time }), "termination-time": time };
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html */
function eventsOf(notice: Notice | null): Node {
  const scheduled =
    notice?.kind === "retirement"
      ? [
          {
            NotBefore: eventInstant(notice.at),
            Code: "instance-retirement",
            Description: "The instance is running on degraded hardware",
            EventId: "instance-event-0d59937288b749b32",
            State: "active",
          },
        ]
      : [];
  const isLikely = notice?.kind === "rebalance";
  return {
    maintenance: { history: "[]", scheduled: JSON.stringify(scheduled) },
    ...(isLikely ? { recommendations: { rebalance: JSON.stringify({ noticeTime: awsInstant(notice.at) }) } } : {}),
  };
}

/** 21 Jan 2019 09:00:43 GMT */
function eventInstant(date: Date): string {
  return date.toUTCString().replace(/^\w+, /, "");
}

function iamOf(record: MetadataRecord, role: string, { accountId, credentialsOf, now }: MetadataContext): Node {
  return {
    info: () =>
      JSON.stringify({
        Code: "Success",
        LastUpdated: awsInstant(now),
        InstanceProfileArn: `arn:aws:iam::${accountId}:instance-profile/${role}`,
        InstanceProfileId: `AIPA${record.instanceId.slice(-16).toUpperCase()}`,
      }),
    "security-credentials": {
      [role]: () => {
        const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = credentialsOf(role);
        return JSON.stringify({
          Code: "Success",
          LastUpdated: awsInstant(now),
          Type: "AWS-HMAC",
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          Token: sessionToken,
          Expiration: awsInstant(expiresAt),
        });
      },
    },
  };
}

function identityDocument(record: MetadataRecord, { region, accountId }: MetadataContext): string {
  return JSON.stringify(
    {
      accountId,
      architecture: "x86_64",
      availabilityZone: record.availabilityZone,
      imageId: record.imageId,
      instanceId: record.instanceId,
      instanceType: record.instanceType,
      pendingTime: awsInstant(record.launchedAt),
      privateIp: record.privateIpAddress,
      region,
      version: "2017-09-30",
    },
    undefined,
    2,
  );
}

/** Without milliseconds, as EC2 writes instants here. */
function awsInstant(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, "Z");
}
