import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from "@elastic-gas/local-cloud/start-local-cloud";
import { createLogger } from "@elastic-gas/shared/logger";
import { findAddressBlock } from "./address-block.ts";

export const TEST_CREDENTIALS = { accessKeyId: "LCALTESTKEY", secretAccessKey: "local/test+secret" };

const ignore = () => undefined;
// The S3 client warns about every empty body.
const QUIET = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface TestCloud extends LocalCloud, AsyncDisposable {
  readonly dataDir: string;
  /** For any SDK client. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: typeof TEST_CREDENTIALS;
    readonly maxAttempts: number;
    readonly logger: Record<"trace" | "debug" | "info" | "warn" | "error", () => void>;
  };
}

/** A local cloud of its own on a free port, with its data in a temporary folder that goes with it. */
export async function startTestCloud(changes: Partial<LocalCloudOptions> = {}): Promise<TestCloud> {
  const dataDir = changes.dataDir ?? (await mkdtemp(join(tmpdir(), "local-cloud-")));
  const region = changes.region ?? "us-east-1";
  const log = createLogger("local-cloud", process.env.LOG_LEVEL ?? "silent");
  const cloud = await startLocalCloud({
    dataDir,
    port: 0,
    log,
    credentials: TEST_CREDENTIALS,
    region,
    bootSeconds: 0,
    addressPrefix: changes.addressPrefix ?? (await findAddressBlock()),
    ec2Settings: { metadataPort: 0, closeGraceSeconds: 1 },
    ...changes,
  });
  return {
    ...cloud,
    dataDir,
    clientConfig: { endpoint: cloud.endpoint, region, credentials: TEST_CREDENTIALS, maxAttempts: 1, logger: QUIET },
    async [Symbol.asyncDispose]() {
      await cloud.close();
      if (changes.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
