import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, isLoopback } from "../config.ts";
import { type CredentialSource, processCredentials } from "./credentials.ts";

const ignore = (): void => undefined;
/**
 * Says nothing, as the SDK's own default; but that one has an `info`, for which the SDK copies every answer without its
 * sensitive parts: a tenth of the CPU time of a large one.
 */
const SILENT = { trace: ignore, debug: ignore, info: undefined as never, warn: ignore, error: ignore };

export type CloudConfig = Pick<
  Config,
  "CLOUD" | "AWS_REGION" | "AWS_ENDPOINT_URL" | "AWS_EC2_METADATA_SERVICE_ENDPOINT" | "DATA_DIR" | "PUBLIC_HOST"
>;

export interface ClientOptions {
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | CredentialSource;
  readonly forcePathStyle: boolean;
  readonly maxAttempts: number;
  readonly retryMode: "standard";
  readonly logger: typeof SILENT;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly socketTimeout: number;
    readonly throwOnRequestTimeout: true;
  };
}

export interface ClientChoices {
  /** Longest wait for an answer, in milliseconds; long polling needs more than its wait. */
  readonly requestTimeoutMs?: number;
  /**
   * How long an answer may stop in its middle, in milliseconds: the wait above ends with the head of the answer. Who
   * passes an object on to a slow reader, and takes nothing of it meanwhile, needs more.
   */
  readonly idleTimeoutMs?: number;
  readonly maxAttempts?: number;
  /** Sign for the address that a browser uses (PUBLIC_HOST) rather than for the one that this process uses. */
  readonly forBrowsers?: boolean;
}

/**
 * Builds any SDK client from the configuration, the only place where local and real AWS differ. Takes the client's
 * class so that a process loads only the clients that it names. Throws when `CLOUD=local` has no loopback endpoint:
 * nothing may reach the real AWS by accident.
 *
 *     const s3 = createAwsClient(S3Client, config);
 */
export function createAwsClient<Client>(
  Constructor: new (options: ClientOptions) => Client,
  config: CloudConfig,
  choices: ClientChoices = {},
): Client {
  return new Constructor(clientOptions(config, choices));
}

/** The options that `createAwsClient` passes; for the SDK's helpers that take options rather than a client. */
export function clientOptions(config: CloudConfig, choices: ClientChoices = {}): ClientOptions {
  const { requestTimeoutMs = 10_000, maxAttempts = 3, forBrowsers = false } = choices;
  const { idleTimeoutMs = Math.max(30_000, requestTimeoutMs) } = choices;
  const common = {
    region: config.AWS_REGION,
    maxAttempts,
    retryMode: "standard",
    logger: SILENT,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: requestTimeoutMs,
      socketTimeout: idleTimeoutMs,
      throwOnRequestTimeout: true,
    },
  } as const;
  if (config.CLOUD === "aws")
    return { ...common, endpoint: config.AWS_ENDPOINT_URL, credentials: processCredentials(), forcePathStyle: false };

  const endpoint = localEndpoint(config.AWS_ENDPOINT_URL);
  if (forBrowsers) endpoint.hostname = config.PUBLIC_HOST;
  return {
    ...common,
    endpoint: endpoint.origin,
    // On an instance the SDK's default chain asks the metadata service, as on EC2; elsewhere the key lies in the data
    // folder.
    credentials:
      config.AWS_EC2_METADATA_SERVICE_ENDPOINT === undefined
        ? readLocalCredentials(config.DATA_DIR)
        : processCredentials(),
    forcePathStyle: true,
  };
}

function localEndpoint(text: string | undefined): URL {
  if (text === undefined)
    throw new Error("CLOUD=local needs AWS_ENDPOINT_URL; without it this client would reach the real AWS.");
  const url = new URL(text);
  if (!isLoopback(url.hostname))
    throw new Error(`CLOUD=local takes loopback endpoints only, AWS_ENDPOINT_URL is ${text}.`);
  return url;
}

function readLocalCredentials(dataDir: string): { accessKeyId: string; secretAccessKey: string } {
  const path = join(dataDir, "credentials");
  const text = readFileSync(path, "utf8");
  const accessKeyId = /^aws_access_key_id\s*=\s*(\S+)/m.exec(text)?.[1];
  const secretAccessKey = /^aws_secret_access_key\s*=\s*(\S+)/m.exec(text)?.[1];
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error(`No access key in ${path}. Remove the file and run start.sh again.`);
  return { accessKeyId, secretAccessKey };
}
