import { mkdirSync } from "node:fs";
import type { Logger } from "@elastic-gas/shared/logger";
import { createCloudWatchService } from "./cloudwatch/service.ts";
import { createS3Service } from "./s3/service.ts";
import { createSqsService } from "./sqs/service.ts";
import { KnownHosts } from "./wire/address.ts";
import type { Credentials } from "./wire/auth/authenticate.ts";
import { Gateway, type Middleware } from "./wire/gateway.ts";
import { mountService } from "./wire/mount.ts";
import { startServer } from "./wire/server.ts";

export interface LocalCloudOptions {
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Name by which browsers reach this machine, beside localhost. */
  readonly publicHost?: string;
  readonly log: Logger;
  readonly credentials: Credentials;
  readonly region: string;
  readonly accountId?: string;
  readonly metricPeriodSeconds?: number;
  readonly middleware?: Middleware;
  readonly now?: () => Date;
}

export interface LocalCloud {
  /** Such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly port: number;
  close(): Promise<void>;
}

const ACCOUNT_ID = "000000000000";

export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const {
    dataDir,
    log,
    region,
    credentials,
    host = "127.0.0.1",
    publicHost = "localhost",
    accountId = ACCOUNT_ID,
    metricPeriodSeconds,
    now = () => new Date(),
  } = options;
  mkdirSync(dataDir, { recursive: true });
  const cloudwatch = createCloudWatchService({ dataDir, log, now, metricPeriodSeconds });
  const sqs = createSqsService({ dataDir, log, now, metricPeriodSeconds, putMetrics: cloudwatch.put });
  const s3 = createS3Service({ dataDir, log, now });
  const mounts = await Promise.all([
    mountService("cloudwatch", cloudwatch.handlers),
    mountService("sqs", sqs.handlers),
    mountService("s3", s3.handlers),
  ]);
  const hosts = new KnownHosts([publicHost]);
  const gateway = new Gateway({
    mounts,
    credentials,
    region,
    accountId,
    hosts,
    log,
    now,
    middleware: options.middleware,
    browser: undefined,
  });
  const server = await startServer({ host, port: options.port, gateway, pages: [], hosts, log });
  return {
    endpoint: `http://${host}:${server.port}`,
    port: server.port,
    async close() {
      await server.close();
      s3.close();
      await sqs.close();
      await cloudwatch.close();
    },
  };
}
