import type { Config } from "./config.ts";

/** A queue of ours; each has a dead-letter queue `<name>-dlq` for the messages that can never be handled. */
export interface QueueResource {
  readonly name: string;
  readonly deadLetterName: string;
}

export const POOL_NAMES = ["web", "annotator", "utility"] as const;
export type PoolName = (typeof POOL_NAMES)[number];

export const QUEUE_KEYS = ["jobRequests", "jobResults", "archive", "restore", "thaw"] as const;
export type QueueKey = (typeof QUEUE_KEYS)[number];

export const SECRET_KEYS = ["database", "application", "administrator", "operator"] as const;
export type SecretKey = (typeof SECRET_KEYS)[number];

/**
 * The most that SQS allows. Consumers decide themselves what goes to the dead-letter queue
 * (reliability/after-failure.ts), for a receive alone tells nothing: a message is also received in vain while a service
 * is away. SQS's own count is the last resort, for a message that ends its process each time.
 */
export const MAX_RECEIVE_COUNT = 1_000;
export const METRIC_NAMESPACE = "ElasticGAS";

/** Tags on every instance that we launch; instances without our prefix tag are never touched. */
export const TAGS = {
  name: "Name",
  prefix: "elastic-gas:prefix",
  pool: "elastic-gas:pool",
  intent: "elastic-gas:intent",
  release: "elastic-gas:release",
} as const;

const POOL_NAME_TAGS: Readonly<Record<PoolName, string>> = {
  web: "gas-web",
  annotator: "gas-ann",
  utility: "gas-util",
};
const QUEUE_NAMES: Readonly<Record<QueueKey, string>> = {
  jobRequests: "job-requests",
  jobResults: "job-results",
  archive: "archive",
  restore: "restore",
  thaw: "thaw",
};

/**
 * Every AWS resource of one installation by name: the single list that local-cloud's bootstrap and the AWS deployment
 * both create, and that the apps use. Nothing else builds a resource name.
 */
export interface Resources {
  readonly prefix: string;
  readonly buckets: {
    readonly inputs: string;
    readonly results: string;
    readonly images: string;
    readonly releases: string;
    readonly archive: string;
  };
  readonly vault: string;
  readonly queues: Readonly<Record<QueueKey, QueueResource>>;
  readonly loadBalancer: string;
  readonly targetGroup: string;
  readonly metricNamespace: string;
  /** In Secrets Manager, on AWS alone. */
  readonly secrets: Readonly<Record<SecretKey, string>>;
}

export function resourcesOf({
  PREFIX: prefix,
  BUCKET_SUFFIX: suffix = "",
}: Pick<Config, "PREFIX"> & Partial<Pick<Config, "BUCKET_SUFFIX">>): Resources {
  const queue = (key: QueueKey): QueueResource => {
    const name = `${prefix}-${QUEUE_NAMES[key]}`;
    return { name, deadLetterName: `${name}-dlq` };
  };
  return {
    prefix,
    buckets: {
      inputs: `${prefix}-inputs${suffix}`,
      results: `${prefix}-results${suffix}`,
      images: `${prefix}-images${suffix}`,
      releases: `${prefix}-releases${suffix}`,
      archive: `${prefix}-archive${suffix}`,
    },
    vault: `${prefix}-results`,
    queues: {
      jobRequests: queue("jobRequests"),
      jobResults: queue("jobResults"),
      archive: queue("archive"),
      restore: queue("restore"),
      thaw: queue("thaw"),
    },
    loadBalancer: `${prefix}-gas`,
    targetGroup: `${prefix}-gas-web`,
    metricNamespace: METRIC_NAMESPACE,
    secrets: {
      database: `${prefix}-database`,
      application: `${prefix}-application`,
      administrator: `${prefix}-administrator`,
      operator: `${prefix}-operator`,
    },
  };
}

/** The value of the `Name` tag, such as `dev-gas-ann`. */
export function nameTag(prefix: string, pool: PoolName): string {
  return `${prefix}-${POOL_NAME_TAGS[pool]}`;
}

export function isPoolName(text: string): text is PoolName {
  return (POOL_NAMES as readonly string[]).includes(text);
}

/** Key of an uploaded file or of what came of it: `<prefix>/<user id>/<job id>~<file name>`. */
export function jobKey(prefix: string, userId: number, jobId: string, fileName: string): string {
  return `${prefix}/${userId}/${jobId}~${fileName}`;
}

/** Key prefix of everything that a user owns in a bucket. */
export function userKeyPrefix(prefix: string, userId: number): string {
  return `${prefix}/${userId}/`;
}
