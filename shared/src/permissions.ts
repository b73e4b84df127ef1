import { POOL_NAMES, QUEUE_KEYS, type QueueResource, type Resources, SECRET_KEYS, TAGS } from "./resources.ts";

/** What one part of the product may do in AWS: its processes on EC2 get the role of this name. */
export const ROLES = ["manager", "autoscaler", ...POOL_NAMES] as const;
export type Role = (typeof ROLES)[number];

/**
 * The settings that are secrets, and the roles that get each; no other role sees it. DATABASE_URL is the address of the
 * role's own account, and SESSION_SECRET a secret that only its app has.
 */
export const SECRET_SETTINGS: Readonly<Record<string, readonly Role[]>> = {
  DATABASE_URL: ROLES,
  SESSION_SECRET: ["manager", "web"],
  // Both apps ask administrators for codes.
  TOTP_KEY: ["manager", "web"],
  STRIPE_SECRET_KEY: ["manager", "web"],
  STRIPE_WEBHOOK_SECRET: ["web"],
  OIDC_CLIENT_SECRET: ["web"],
  // The start uses it.
  ADMIN_PASSWORD: [],
};

/** The setting that holds the address of a role's own database account. */
export function databaseUrlSetting(role: Role): `DATABASE_URL_${Uppercase<Role>}` {
  return `DATABASE_URL_${role.toUpperCase() as Uppercase<Role>}`;
}

/**
 * Actions on resources, both as IAM writes them, with `*` for any text: `s3:GetObject`, `arn:aws:s3:::dev-inputs/*`.
 */
export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** IAM's condition, of the form `StringEquals`: key and value. local-cloud does not look at it. */
  readonly whereEquals?: Readonly<Record<string, string>>;
}

/** What each role may do; nothing else is allowed. */
export type RolePermissions<Name extends string = string> = Readonly<Record<Name, readonly Statement[]>>;

/** The stem of the instance profiles' names where the settings give none. */
export const DEFAULT_INSTANCE_PROFILE = "elastic-gas-worker";

/** The instance profile, and the role of the same name, of a pool's workers. */
export function instanceProfileName(stem: string, role: Role): string {
  return `${stem}-${role}`;
}

/** The right of a machine's log agent, beside what the role's code calls, to write into one log group. */
export function logAgentStatement(
  logGroup: string,
  { region, accountId }: { readonly region: string; readonly accountId: string },
): Statement {
  return {
    actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
    resources: [`arn:aws:logs:${region}:${accountId}:log-group:${logGroup}:*`],
  };
}

/**
 * The rights of each role: what its code calls, on the resources that it calls it for. The AWS deployment makes IAM
 * policies of it, and local-cloud enforces it.
 */
export function permissionsOf(
  resources: Resources,
  { region, accountId, instanceProfile }: { region: string; accountId: string; instanceProfile: string },
): RolePermissions<Role> {
  const { prefix, buckets, queues, vault, targetGroup, secrets } = resources;
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${accountId}:${resource}`;
  const bucketArn = (bucket: string) => `arn:aws:s3:::${bucket}`;
  const objectsOf = (...names: readonly string[]) => names.map((name) => `${bucketArn(name)}/*`);
  const queueArns = QUEUE_KEYS.map((key) => arn("sqs", queues[key].name));
  const deadLetterArns = QUEUE_KEYS.map((key) => arn("sqs", queues[key].deadLetterName));
  const vaultArn = arn("glacier", `vaults/${vault}`);
  const dataBuckets = [buckets.inputs, buckets.results, buckets.images, buckets.archive];

  // Several installations share an account: none touches the others' instances.
  const ownInstances = { [`aws:ResourceTag/${TAGS.prefix}`]: prefix };
  const putMetrics: Statement = { actions: ["cloudwatch:PutMetricData"], resources: ["*"] };
  const readMetrics: Statement = { actions: ["cloudwatch:GetMetricData"], resources: ["*"] };
  const sendMail: Statement = { actions: ["ses:SendEmail"], resources: [arn("ses", "identity/*")] };
  // The outbox sends what any part left in it.
  const send: Statement = { actions: ["sqs:GetQueueUrl", "sqs:SendMessage"], resources: queueArns };
  const describeFleet: Statement = {
    actions: [
      "ec2:DescribeInstances",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetHealth",
    ],
    resources: ["*"],
  };
  // A consumer itself puts what can never be handled into the dead-letter queue.
  const consume = (...consumed: readonly QueueResource[]): readonly Statement[] => [
    {
      actions: ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
      resources: consumed.map(({ name }) => arn("sqs", name)),
    },
    {
      actions: ["sqs:GetQueueUrl", "sqs:SendMessage"],
      resources: consumed.map(({ deadLetterName }) => arn("sqs", deadLetterName)),
    },
  ];

  return {
    manager: [
      describeFleet,
      readMetrics,
      {
        actions: ["ec2:GetConsoleOutput", "ec2:StopInstances"],
        resources: [arn("ec2", "instance/*")],
        whereEquals: ownInstances,
      },
      {
        actions: ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
        resources: dataBuckets.map(bucketArn),
      },
      { actions: ["s3:AbortMultipartUpload", "s3:DeleteObject"], resources: objectsOf(...dataBuckets) },
      { actions: ["s3:GetObject", "s3:PutObject"], resources: objectsOf(buckets.releases) },
      { actions: ["sqs:GetQueueUrl", "sqs:PurgeQueue"], resources: [...queueArns, ...deadLetterArns] },
      { actions: ["glacier:DeleteArchive"], resources: [vaultArn] },
      sendMail,
      {
        actions: ["secretsmanager:GetSecretValue"],
        // Secrets Manager ends each name with six characters of its own.
        resources: SECRET_KEYS.map((key) => arn("secretsmanager", `secret:${secrets[key]}-*`)),
      },
    ],
    autoscaler: [
      describeFleet,
      readMetrics,
      putMetrics,
      // A launch needs the right on everything that it makes or uses.
      {
        actions: ["ec2:RunInstances"],
        resources: [
          ...["instance", "volume", "network-interface", "subnet", "security-group", "launch-template"].map((kind) =>
            arn("ec2", `${kind}/*`),
          ),
          `arn:aws:ec2:${region}::image/*`,
        ],
      },
      {
        actions: ["ec2:CreateTags"],
        // The launch template tags the disk.
        resources: [arn("ec2", "instance/*"), arn("ec2", "volume/*")],
        whereEquals: { "ec2:CreateAction": "RunInstances" },
      },
      { actions: ["ec2:TerminateInstances"], resources: [arn("ec2", "instance/*")], whereEquals: ownInstances },
      {
        actions: ["iam:PassRole"],
        resources: POOL_NAMES.map(
          (pool) => `arn:aws:iam::${accountId}:role/${instanceProfileName(instanceProfile, pool)}`,
        ),
        whereEquals: { "iam:PassedToService": "ec2.amazonaws.com" },
      },
      {
        actions: ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
        resources: [arn("elasticloadbalancing", `targetgroup/${targetGroup}/*`)],
      },
      { actions: ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], resources: queueArns },
      { actions: ["s3:GetObject"], resources: objectsOf(buckets.releases) },
    ],
    web: [
      putMetrics,
      send,
      // A list right on the buckets makes a missing object a 404 instead of a 403.
      { actions: ["s3:ListBucket"], resources: dataBuckets.map(bucketArn) },
      {
        actions: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        resources: objectsOf(buckets.inputs, buckets.images),
      },
      // The upload's form names the ACL "private".
      { actions: ["s3:PutObjectAcl"], resources: objectsOf(buckets.inputs) },
      { actions: ["s3:DeleteObject", "s3:GetObject"], resources: objectsOf(buckets.results) },
      { actions: ["s3:DeleteObject"], resources: objectsOf(buckets.archive) },
    ],
    annotator: [
      putMetrics,
      send,
      ...consume(queues.jobRequests),
      { actions: ["s3:ListBucket"], resources: [buckets.inputs, buckets.results].map(bucketArn) },
      // Packs that are not part of the release lie beside it.
      {
        actions: ["s3:GetObject"],
        resources: [...objectsOf(buckets.inputs), `${bucketArn(buckets.releases)}/packs/*`],
      },
      {
        actions: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        resources: objectsOf(buckets.results),
      },
    ],
    utility: [
      sendMail,
      send,
      ...consume(queues.jobResults, queues.archive, queues.restore, queues.thaw),
      // Its sweep compares the waiting jobs with the messages for them.
      { actions: ["sqs:GetQueueAttributes"], resources: [arn("sqs", queues.jobRequests.name)] },
      // It looks after what nobody could handle.
      { actions: ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], resources: deadLetterArns },
      { actions: ["s3:ListBucket"], resources: [buckets.results, buckets.archive].map(bucketArn) },
      {
        actions: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject", "s3:RestoreObject"],
        resources: objectsOf(buckets.results, buckets.archive),
      },
      {
        actions: [
          "glacier:AbortMultipartUpload",
          "glacier:CompleteMultipartUpload",
          "glacier:DeleteArchive",
          "glacier:DescribeJob",
          "glacier:GetJobOutput",
          "glacier:InitiateJob",
          "glacier:InitiateMultipartUpload",
          "glacier:ListJobs",
          "glacier:UploadArchive",
          "glacier:UploadMultipartPart",
        ],
        resources: [vaultArn],
      },
    ],
  };
}
