import type { Value } from "../protocol/protocol.ts";
import type { ServiceId } from "../services.ts";
import type { Right } from "./authorize.ts";

interface Place {
  readonly region: string;
  readonly accountId: string;
}

/**
 * What a caller must be allowed for an operation with this input: IAM's actions, on the resources that the input names.
 */
export function requiredRights(service: ServiceId, operation: string, input: Value, place: Place): readonly Right[] {
  const arn = (name: string, resource: string) => `arn:aws:${name}:${place.region}:${place.accountId}:${resource}`;
  switch (service) {
    case "s3":
      return s3Rights(operation, input);
    case "sqs":
      return sqsRights(operation, input, arn);
    case "ec2":
      return ec2Rights(operation, input, arn, place);
    case "elbv2":
      return elbRights(operation, input);
    case "cloudwatch":
      return [{ action: `cloudwatch:${operation}`, resource: "*" }];
    case "glacier": {
      const vault = textOf(input.vaultName);
      return [{ action: `glacier:${operation}`, resource: vault === "" ? "*" : arn("glacier", `vaults/${vault}`) }];
    }
    case "ses": {
      const from = textOf(input.FromEmailAddress);
      return [{ action: `ses:${operation}`, resource: from === "" ? "*" : arn("ses", `identity/${addressOf(from)}`) }];
    }
    case "sts":
      return []; // who one is everybody may ask
  }
}

/**
 * S3's actions that have not the name of their operation.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
const S3_OBJECT_ACTIONS: Readonly<Record<string, string>> = {
  AbortMultipartUpload: "AbortMultipartUpload",
  CompleteMultipartUpload: "PutObject",
  CopyObject: "PutObject",
  CreateMultipartUpload: "PutObject",
  DeleteObject: "DeleteObject",
  DeleteObjectTagging: "DeleteObjectTagging",
  GetObject: "GetObject",
  GetObjectAcl: "GetObjectAcl",
  GetObjectTagging: "GetObjectTagging",
  HeadObject: "GetObject",
  ListParts: "ListMultipartUploadParts",
  PutObject: "PutObject",
  PutObjectTagging: "PutObjectTagging",
  RestoreObject: "RestoreObject",
  UploadPart: "PutObject",
  UploadPartCopy: "PutObject",
};
const S3_BUCKET_ACTIONS: Readonly<Record<string, string>> = {
  DeleteBucketCors: "PutBucketCORS",
  DeletePublicAccessBlock: "PutBucketPublicAccessBlock",
  GetBucketCors: "GetBucketCORS",
  GetBucketLifecycleConfiguration: "GetLifecycleConfiguration",
  GetPublicAccessBlock: "GetBucketPublicAccessBlock",
  HeadBucket: "ListBucket",
  ListMultipartUploads: "ListBucketMultipartUploads",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  PutBucketCors: "PutBucketCORS",
  PutPublicAccessBlock: "PutBucketPublicAccessBlock",
};

function s3Rights(operation: string, input: Value): readonly Right[] {
  const bucket = `arn:aws:s3:::${textOf(input.Bucket)}`;
  if (operation === "ListBuckets") return [{ action: "s3:ListAllMyBuckets", resource: "*" }];
  if (operation === "DeleteObjects") {
    const { Objects = [] } = (input.Delete ?? {}) as { readonly Objects?: readonly { readonly Key?: string }[] }; // the model's shape
    return Objects.map(({ Key = "" }) => ({ action: "s3:DeleteObject", resource: `${bucket}/${Key}` }));
  }
  const action = S3_OBJECT_ACTIONS[operation];
  if (action === undefined) return [{ action: `s3:${S3_BUCKET_ACTIONS[operation] ?? operation}`, resource: bucket }];
  const object = `${bucket}/${textOf(input.Key)}`;
  const rights = [{ action: `s3:${action}`, resource: object }];
  const source = copySourceOf(textOf(input.CopySource));
  if (source !== "") rights.push({ action: "s3:GetObject", resource: `arn:aws:s3:::${source}` });
  if (input.Tagging !== undefined && action === "PutObject")
    rights.push({ action: "s3:PutObjectTagging", resource: object });
  return rights;
}

type ArnOf = (service: string, resource: string) => string;

function sqsRights(operation: string, input: Value, arn: ArnOf): readonly Right[] {
  const action = `sqs:${operation.replace(/^(SendMessage|DeleteMessage|ChangeMessageVisibility)Batch$/, "$1")}`;
  if (operation === "ListQueues") return [{ action, resource: "*" }];
  if (input.SourceArn !== undefined) return [{ action, resource: textOf(input.SourceArn) }];
  const name = textOf(input.QueueName) || textOf(input.QueueUrl).split("/").at(-1) || "";
  return [{ action, resource: arn("sqs", name) }];
}

function ec2Rights(operation: string, input: Value, arn: ArnOf, { accountId }: Place): readonly Right[] {
  const action = `ec2:${operation}`;
  if (operation.startsWith("Describe")) return [{ action, resource: "*" }];
  if (operation === "RunInstances") {
    const { Name, Arn } = (input.IamInstanceProfile ?? {}) as { readonly Name?: string; readonly Arn?: string }; // the model's shape
    const profile = Name ?? Arn?.split("/").at(-1);
    const passes = profile === undefined ? [] : [`arn:aws:iam::${accountId}:role/${profile}`];
    return [
      { action, resource: arn("ec2", "instance/*") },
      ...passes.map((resource) => ({ action: "iam:PassRole", resource })),
    ];
  }
  const ids = [input.InstanceIds, input.Resources, input.InstanceId].flat().map(textOf).filter(Boolean);
  const instances = ids.map((id) => ({ action, resource: arn("ec2", `instance/${id}`) }));
  // What names no instance, as DeregisterImage, needs the right on everything.
  return instances.length === 0 ? [{ action, resource: "*" }] : instances;
}

function elbRights(operation: string, input: Value): readonly Right[] {
  const action = `elasticloadbalancing:${operation}`;
  const named = [input.ListenerArn, input.TargetGroupArn, input.LoadBalancerArn, input.ResourceArns];
  const arns = operation.startsWith("Describe") ? [] : named.flat().map(textOf).filter(Boolean);
  return arns.length === 0 ? [{ action, resource: "*" }] : arns.map((resource) => ({ action, resource }));
}

function copySourceOf(header: string): string {
  const path = header.split("?")[0]?.replace(/^\//, "") ?? "";
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `ann@example.org` of `Ann <ann@example.org>`. */
function addressOf(from: string): string {
  return /<([^>]+)>/.exec(from)?.[1] ?? from;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
