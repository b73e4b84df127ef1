import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Logger } from "@elastic-gas/shared/logger";
import type { RolePermissions } from "@elastic-gas/shared/permissions";
import { createCloudWatchService } from "./cloudwatch/service.ts";
import { createEc2Service, type Ec2Service } from "./ec2/service.ts";
import { DEFAULT_EC2_SETTINGS, type Ec2Settings } from "./ec2/settings.ts";
import { createElbv2Service } from "./elbv2/service.ts";
import { createFaults } from "./faults/service.ts";
import { createGlacierService } from "./glacier/service.ts";
import { DEFAULT_GLACIER_SETTINGS, type GlacierSettings } from "./glacier/settings.ts";
import { HealthPage } from "./health-page.ts";
import type { RetrievalSeconds } from "./s3/context.ts";
import { createS3Service } from "./s3/service.ts";
import { createSesService } from "./ses/service.ts";
import { createSqsService } from "./sqs/service.ts";
import { Disk } from "./storage/disk.ts";
import { createStripeService } from "./stripe/service.ts";
import type { StripeSettings } from "./stripe/settings.ts";
import { createStsService } from "./sts/service.ts";
import { KnownHosts } from "./wire/address.ts";
import type { Credentials } from "./wire/auth/authenticate.ts";
import { Identities } from "./wire/auth/identities.ts";
import { Gateway, type Middleware } from "./wire/gateway.ts";
import { mountService } from "./wire/mount.ts";
import { type Page, startServer } from "./wire/server.ts";
import type { ServiceId } from "./wire/services.ts";

export interface LocalCloudOptions {
  /** Each service makes its own folder in it. */
  readonly dataDir: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Loopback address to listen on. */
  readonly host?: string;
  /** Name by which browsers reach this machine, beside localhost. */
  readonly publicHost?: string;
  readonly log: Logger;
  readonly credentials: Credentials;
  /** What the credentials of instances allow, by the name of their profile; without it they allow everything. */
  readonly roles?: RolePermissions | undefined;
  readonly region: string;
  readonly accountId?: string;
  /** CPU quota of each instance, 1 = one core. */
  readonly instanceVcpus?: number;
  readonly bootSeconds?: number;
  /** First three numbers of the instances' addresses, such as `127.0.10`. */
  readonly addressPrefix?: string;
  /** Variables of every instance, beside those that it always has. */
  readonly instanceEnvironment?: Readonly<Record<string, string>>;
  readonly ec2Settings?: Partial<Ec2Settings>;
  readonly metricPeriodSeconds?: number;
  /** How long restores from S3's GLACIER class and retrievals from Glacier's vaults take. */
  readonly retrievalSeconds?: Partial<RetrievalSeconds>;
  readonly glacier?: Partial<Omit<GlacierSettings, "retrievalSeconds">>;
  /** Without it nothing plays Stripe. */
  readonly stripe?: StripeSettings;
  /** Bytes kept on the disk for what must go on when it is full; none by default. */
  readonly diskReserveBytes?: number;
  /** How long nothing may come of a request's announced body; 60 by default. */
  readonly bodyIdleSeconds?: number;
  /** Stands between routing and every operation. */
  readonly middleware?: Middleware;
  /** Further pages, such as `/_faults`. */
  readonly pages?: readonly Page[];
  /** Creates what must exist before `/_health` answers ok. */
  readonly prepare?: (endpoint: string) => Promise<void>;
  readonly now?: () => Date;
}

export interface LocalCloud {
  /** Such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly port: number;
  /** Names of the operations that are implemented, by service. */
  readonly operations: Readonly<Partial<Record<ServiceId, readonly string[]>>>;
  /** Ends all instances unless they are to be kept for the next start, finishes running calls, closes the stores. */
  close(options?: { readonly keepInstances: boolean }): Promise<void>;
}

export const ACCOUNT_ID = "000000000000";
const BODY_IDLE_SECONDS = 60;
const WEB_MAX = 8; // the largest web pool and the smallest annotator pool, which together must fit on the machine
const ANNOTATOR_MIN = 2;
const RESERVED_CORES = 0.8;

/** Starts the embedded AWS. State in the data folder of an earlier run is taken over, running instances included. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { credentials, roles, accountId = ACCOUNT_ID, now = () => new Date() } = options;
  const identities = new Identities({ credentials, roles, accountId, now });
  const ec2 = await startEc2(options, identities);
  try {
    const { services, ...facts } = await startServices(options, ec2, identities);
    return {
      ...facts,
      async close({ keepInstances } = { keepInstances: false }) {
        // Instances go first: until they have ended they hand messages back and deregister.
        await ec2.close({ keepInstances });
        await services.disposeAsync();
      },
    };
  } catch (error) {
    await ec2.close({ keepInstances: true });
    throw error;
  }
}

function startEc2(options: LocalCloudOptions, identities: Identities): Promise<Ec2Service> {
  const { dataDir, log, region, accountId = ACCOUNT_ID, now } = options;
  mkdirSync(dataDir, { recursive: true });
  return createEc2Service({
    dataDir,
    log,
    vcpus: options.instanceVcpus ?? defaultInstanceVcpus(availableParallelism()),
    bootSeconds: options.bootSeconds ?? 5,
    addressBlock: options.addressPrefix ?? "127.0.10",
    subnets: ["a", "b"].map((zone) => ({ subnetId: `subnet-local-${zone}`, availabilityZone: `${region}${zone}` })),
    region,
    accountId,
    credentialsFor: (instanceId, profileName) => identities.issue(profileName, instanceId),
    profiles: options.roles && new Set(Object.keys(options.roles)),
    environment: options.instanceEnvironment,
    settings: options.ec2Settings,
    now,
  });
}

/** All but EC2. What has been started is stopped again when a later step fails. */
async function startServices(options: LocalCloudOptions, ec2: Ec2Service, identities: Identities) {
  const { dataDir, log, region, metricPeriodSeconds } = options;
  const { host = "127.0.0.1", publicHost = "localhost", accountId = ACCOUNT_ID, now = () => new Date() } = options;
  await using started = new AsyncDisposableStack();
  const disk = new Disk({ folder: dataDir, reserveBytes: options.diskReserveBytes ?? 0, log });
  started.defer(() => disk.close());
  const common = { dataDir, log, now };

  const cloudwatch = createCloudWatchService({ ...common, metricPeriodSeconds, listCpuUsage: ec2.listCpuUsage });
  started.defer(() => cloudwatch.close());
  const metrics = { metricPeriodSeconds, putMetrics: cloudwatch.put };
  const sqs = createSqsService({ ...common, ...metrics });
  started.defer(() => sqs.close());
  const s3 = createS3Service({ ...common, disk, identities, retrievalSeconds: options.retrievalSeconds });
  started.defer(() => s3.close());
  const glacier = createGlacierService({
    ...common,
    disk,
    ...options.glacier,
    retrievalSeconds: options.retrievalSeconds,
  });
  started.defer(() => glacier.close());
  const ses = createSesService(common);
  started.defer(() => ses.close());
  const stripe = options.stripe && createStripeService({ ...common, ...options.stripe });
  started.defer(() => stripe?.close());
  const elbv2 = await createElbv2Service({
    ...common,
    ...metrics,
    getInstance: ec2.getInstance,
    listenHost: host,
    publicHost,
  });
  started.defer(() => elbv2.close());

  const handlers = { ec2, elbv2, cloudwatch, sqs, s3, glacier, ses, sts: createStsService() } as const;
  const ids = Object.keys(handlers) as readonly (keyof typeof handlers)[]; // the literal above has no other keys
  const mounts = await Promise.all(ids.map((id) => mountService(id, handlers[id].handlers)));
  const usual = { ...DEFAULT_EC2_SETTINGS, ...DEFAULT_GLACIER_SETTINGS, ...options.ec2Settings, ...options.glacier };
  const operations = Object.fromEntries(ids.map((id) => [id, Object.keys(handlers[id].handlers)]));
  const faults = createFaults({
    targets: { ec2, cloudwatch, glacier, disk, usual },
    operations,
    inner: options.middleware,
    log,
  });
  started.defer(() => faults.close());
  const hosts = new KnownHosts([publicHost]);
  const gateway = new Gateway({
    mounts,
    identities,
    region,
    accountId,
    hosts,
    log,
    now,
    middleware: faults.middleware,
    bodyIdleMs: (options.bodyIdleSeconds ?? BODY_IDLE_SECONDS) * 1000,
    browser: s3.browser,
  });
  const health = new HealthPage(ids);
  const server = await startServer({
    host,
    port: options.port,
    gateway,
    pages: [health, ses.page, faults.page, ...(stripe?.pages ?? []), ...(options.pages ?? [])],
    hosts,
    log,
  });
  started.defer(() => server.close());

  const endpoint = `http://${host}:${server.port}`;
  await options.prepare?.(endpoint);
  health.isReady = true;
  log.info({ endpoint, services: ids }, "local cloud ready");
  return { endpoint, port: server.port, operations, services: started.move() };
}

/** Small enough that the largest pool fits on the machine, so that adding a worker adds capacity. */
function defaultInstanceVcpus(cores: number): number {
  return Math.min(0.2, (cores - RESERVED_CORES) / (WEB_MAX + ANNOTATOR_MIN + 1));
}
