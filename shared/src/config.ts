import { resolve } from "node:path";
import { z } from "zod";

/** `"true"`/`"1"` and `"false"`/`"0"`, as people write them in an environment file. */
const flag = z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1");
const port = z.coerce.number().int().min(1).max(65_535);
const seconds = (min: number, max: number) => z.coerce.number().min(min).max(max);
const optionalText = z
  .string()
  .trim()
  .transform((text) => (text === "" ? undefined : text))
  .optional();

/**
 * Every setting of the product, read from the environment once per process. `.env.example` documents each with its
 * unit, range and default, and a test holds the two together.
 */
export const Config = z
  .object({
    CLOUD: z.enum(["local", "aws"]).default("local"),
    AWS_REGION: z.string().min(1).default("us-east-1"),
    AWS_ENDPOINT_URL: z.preprocess((text) => (text === "" ? undefined : text), z.url().optional()),
    /** The SDK itself reads it. */
    AWS_USE_FIPS_ENDPOINT: z.preprocess(
      (text) => (text === "" ? undefined : text),
      z.enum(["true", "false"]).optional(),
    ),
    /**
     * Whether instances run nothing, as an emulator's: then start.sh, which sets it, runs each worker's program itself.
     */
    EMULATED_INSTANCES: flag.default(false),
    /** Set on instances only, by the instance itself. */
    AWS_EC2_METADATA_SERVICE_ENDPOINT: z.preprocess((text) => (text === "" ? undefined : text), z.url().optional()),
    PREFIX: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,19}$/, "1 to 20 lower-case letters, digits and hyphens, a letter first")
      .default("dev"),
    BUCKET_SUFFIX: z
      .string()
      .regex(/^[a-z0-9-]{0,40}$/, "at most 40 lower-case letters, digits and hyphens")
      .default(""),
    SECRETS_FROM_AWS: flag.default(false),
    RELEASE_SHA256: z.preprocess(
      (text) => (text === "" ? undefined : text),
      z
        .string()
        .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
        .optional(),
    ),
    DATABASE_URL: z
      .string()
      .regex(/^mysql:\/\//, "an address that starts with mysql://")
      .default("mysql://gas@127.0.0.1:3307/gas"),
    DATABASE_URL_MANAGER: optionalText,
    DATABASE_URL_AUTOSCALER: optionalText,
    DATABASE_URL_WEB: optionalText,
    DATABASE_URL_ANNOTATOR: optionalText,
    DATABASE_URL_UTILITY: optionalText,
    DATA_DIR: z
      .string()
      .min(1)
      .default(".data")
      .transform((path) => resolve(path)),
    PUBLIC_HOST: z.string().min(1).default("localhost"),
    MANAGER_PORT: port.default(5000),
    LB_PORT: port.default(8080),
    PUBLIC_URL: optionalText,
    WORKER_PORT: port.default(8000),
    ADMIN_USERNAME: z.string().min(1).max(100).default("admin"),
    ADMIN_PASSWORD: optionalText,
    SESSION_SECRET: z.preprocess(
      (text) => (text === "" ? undefined : text),
      z.string().min(32, "at least 32 characters").optional(),
    ),
    TOTP_KEY: z.preprocess(
      (text) => (text === "" ? undefined : text),
      z.string().min(32, "at least 32 characters").optional(),
    ),
    SESSION_HOURS: z.coerce.number().min(0.1).max(720).default(12),
    API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).max(100_000).default(300),
    /** One run of start.sh: the web pool is resized to its minimum once for each. Set by start.sh. */
    START_ID: optionalText,
    /** Where this process tells whether it works, on loopback; whoever starts it and watches over it sets the port. */
    HEALTH_PORT: z.preprocess((text) => (text === "" ? undefined : text), port.optional()),
    TICK_SECONDS: seconds(1, 600).default(60),
    /** The rules on a queue and on what workers measure themselves act on seconds. */
    FAST_TICK_SECONDS: seconds(1, 600).default(10),
    /** What a minute of the rules' durations lasts: 60, or less in tests that run faster than life. */
    RULE_MINUTE_SECONDS: seconds(1, 60).default(60),
    RECONCILE_SECONDS: seconds(0.2, 60).default(3),
    METRIC_PERIOD_SECONDS: z.coerce
      .number()
      .refine((n) => [1, 5, 10, 30].includes(n) || (n >= 60 && n % 60 === 0), "1, 5, 10, 30 or a multiple of 60")
      .default(60),
    /** Web workers note their CPU and requests in periods of so many seconds. */
    WORKER_METRIC_SECONDS: seconds(1, 60).default(10),
    /** The vCPUs of a worker, which are 100 % of its CPU; without it those of its machine. */
    WORKER_VCPUS: z.preprocess(
      (text) => (text === "" ? undefined : text),
      z.coerce.number().min(0.02).max(1_024).optional(),
    ),
    HEARTBEAT_SECONDS: seconds(0.5, 60).default(10),
    LEASE_SECONDS: seconds(2, 600).default(30),
    MANUAL_HOLD_SECONDS: seconds(0, 86_400).default(600),
    BOOT_DEADLINE_SECONDS: seconds(5, 3_600).default(300),
    UNHEALTHY_GRACE_SECONDS: seconds(1, 3_600).default(60),
    /** So long the first worker of a new release must be in service before another one is replaced. */
    CANARY_SECONDS: seconds(1, 86_400).default(120),
    DEREGISTRATION_DELAY_SECONDS: seconds(1, 3_600).default(60),
    HEALTH_CHECK_INTERVAL_SECONDS: seconds(1, 300).default(5),
    /**
     * Work that is undone for longer is told of in an alert. Sweeps find what was lost after 2 min, and retries come at
     * most 5 min apart.
     */
    WAITING_ALERT_SECONDS: seconds(1, 86_400).default(300),
    FREE_RETENTION_SECONDS: seconds(1, 31_536_000).default(300),
    MAX_WAITING_JOBS: z.coerce.number().int().min(1).max(100_000).default(100),
    /** An input is deleted so many days after the last job on it; 0: it stays as long as its job. */
    INPUT_RETENTION_DAYS: z.coerce.number().int().min(0).max(36_500).default(0),
    FREE_MAX_BYTES: z.coerce.number().int().min(1).default(153_600),
    PREMIUM_MAX_BYTES: z.coerce.number().int().min(1).default(1_073_741_824),
    /** A Free file may hold this many times FREE_MAX_BYTES once it is unpacked. VCF packs to a fifth to a thirtieth. */
    FREE_UNPACKED_RATIO: z.coerce.number().min(1).max(1_000).default(20),
    PREMIUM_UNPACKED_MAX_BYTES: z.coerce.number().int().min(1).default(53_687_091_200),
    JOB_LEASE_SECONDS: seconds(2, 3_600).default(60),
    JOB_TIMEOUT_SECONDS: seconds(1, 86_400).default(1_800),
    VISIBILITY_TIMEOUT_SECONDS: seconds(2, 43_200).default(60),
    OUTBOX_SWEEP_SECONDS: seconds(1, 3_600).default(60),
    ARCHIVE_DRIVER: z.enum(["glacier-vault", "s3-glacier"]).default("glacier-vault"),
    ARCHIVE_CHECK_SECONDS: seconds(1, 900).default(60),
    API_REGISTER_ENABLED: flag.default(true),
    MASK_MODEL: optionalText,
    ANNOTATION_PACK: optionalText,
    ANNOTATION_COMMAND: optionalText,
    STRIPE_SECRET_KEY: optionalText,
    STRIPE_WEBHOOK_SECRET: optionalText,
    STRIPE_PRICE_ID: optionalText,
    /** When Premium ends that somebody cancels: at once, or when what is paid runs out. */
    PREMIUM_CANCELS: z.enum(["at-once", "at-period-end"]).default("at-once"),
    STRIPE_API_URL: z.preprocess((text) => (text === "" ? undefined : text), z.url().optional()),
    MAIL_FROM: z.string().min(3).default("gas@example.org"),
    DISPLAY_TIME_ZONE: z
      .string()
      .refine(isTimeZone, "an IANA time zone such as America/Chicago")
      .default("America/Chicago"),
    OIDC_ISSUER: z.preprocess((text) => (text === "" ? undefined : text), z.url().optional()),
    OIDC_CLIENT_ID: optionalText,
    OIDC_CLIENT_SECRET: optionalText,
    WORKER_IMAGE_ID: z.string().default("ami-0000000000000001a"),
    WORKER_INSTANCE_TYPE: z.string().default("t3.small"),
    /**
     * What the pages' estimated costs count with, in US cents. t3.small on demand, Linux, us-east-1:
     * https://aws.amazon.com/ec2/pricing/on-demand/
     */
    WORKER_PRICE_CENTS_PER_HOUR: z.coerce.number().min(0).max(100_000).default(2.08),
    WORKER_SUBNET_IDS: z.string().default("").transform(commaSeparated),
    WORKER_SECURITY_GROUP_IDS: z.string().default("").transform(commaSeparated),
    /** Of web workers, where they are others: the balancer reaches these, and nobody the other pools. */
    WEB_SECURITY_GROUP_IDS: z.string().default("").transform(commaSeparated),
    WORKER_LAUNCH_TEMPLATE: optionalText,
    WORKER_INSTANCE_PROFILE: optionalText,
    LOCAL_CLOUD_PORT: port.default(4566),
    LOCAL_DATABASE_PORT: port.default(3307),
    LOCAL_ADDRESS_BLOCK: z
      .string()
      .regex(/^127\.\d{1,3}\.\d{1,3}$/, "the first three numbers of loopback addresses, such as 127.0.10")
      .default("127.0.10"),
    LOCAL_INSTANCE_VCPUS: z.preprocess(
      (text) => (text === "" ? undefined : text),
      z.coerce.number().min(0.02).max(64).optional(),
    ),
    LOCAL_BOOT_SECONDS: seconds(0, 600).default(1),
    LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"]).default("info"),
  })
  .superRefine((config, context) => {
    if (config.LEASE_SECONDS <= config.RECONCILE_SECONDS) {
      context.addIssue({ code: "custom", path: ["LEASE_SECONDS"], message: "must be longer than RECONCILE_SECONDS" });
    }
    if (config.RULE_MINUTE_SECONDS < Math.min(60, config.METRIC_PERIOD_SECONDS)) {
      context.addIssue({
        code: "custom",
        path: ["RULE_MINUTE_SECONDS"],
        message: `must be at least METRIC_PERIOD_SECONDS (${config.METRIC_PERIOD_SECONDS}): the rules would find every point of CPU too old and keep each pool's size. Set both to the same number`,
      });
    }
    if (config.CLOUD === "local" && config.AWS_ENDPOINT_URL === undefined) {
      context.addIssue({
        code: "custom",
        path: ["AWS_ENDPOINT_URL"],
        message: "is needed with CLOUD=local: without it the clients would reach the real AWS",
      });
    }
    if (config.CLOUD === "aws" && config.AWS_ENDPOINT_URL !== undefined && !isFarEndpoint(config.AWS_ENDPOINT_URL)) {
      context.addIssue({
        code: "custom",
        path: ["AWS_ENDPOINT_URL"],
        message: "goes with CLOUD=local only; with CLOUD=aws it is an https address in your network",
      });
    }
  });
export type Config = z.infer<typeof Config>;

/** Reads the settings from an environment. Throws one error that lists every problem at once. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = Config.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new Error(
    `The settings are not usable:\n${z.prettifyError(parsed.error)}\nSee .env.example for every setting, its range and default.`,
  );
}

/** The address of user-app that stands in mails and redirects, without a trailing slash. */
export function userAppUrl(config: Pick<Config, "PUBLIC_URL" | "PUBLIC_HOST" | "LB_PORT">): string {
  return (config.PUBLIC_URL ?? `http://${config.PUBLIC_HOST}:${config.LB_PORT}`).replace(/\/+$/, "");
}

/** The address of the dashboard, without a trailing slash. On AWS it is behind the same balancer as user-app. */
export function managerUrl(config: Pick<Config, "CLOUD" | "PUBLIC_URL" | "PUBLIC_HOST" | "MANAGER_PORT">): string {
  const isHttps = config.CLOUD === "aws" && config.PUBLIC_URL?.startsWith("https:") === true;
  return `${isHttps ? "https" : "http"}://${config.PUBLIC_HOST}:${config.MANAGER_PORT}`;
}

/** A loopback address was left over from one machine: the apps would talk to a toy there, or to nobody. */
function isFarEndpoint(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" && !isLoopback(hostname);
}

export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function commaSeparated(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false; // RangeError is how Intl says that it does not know the zone
  }
}
