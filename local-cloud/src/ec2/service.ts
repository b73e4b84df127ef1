import { createHash } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Ec2Context } from "./context.ts";
import { createInstanceFaults, type InstanceFaults, LaunchFaults } from "./faults.ts";
import { ImageStore } from "./images.ts";
import { MetadataEndpoints } from "./imds/endpoints.ts";
import type { InstanceCredentials } from "./imds/tree.ts";
import { takeBack } from "./instances/lifecycle.ts";
import { type InstanceRecord, isAlive } from "./instances/record.ts";
import { InstanceStore } from "./instances/store.ts";
import { Supervisor } from "./instances/supervisor.ts";
import { layOutSubnets, privateDnsName, type SubnetOptions } from "./network.ts";
import { Notices } from "./notices.ts";
import {
  createMonitorInstances,
  createStartInstances,
  createStopInstances,
  createTerminateInstances,
} from "./operations/change-instances.ts";
import {
  createDescribeInstanceStatus,
  createDescribeInstances,
  createGetConsoleOutput,
} from "./operations/describe-instances.ts";
import { createCreateImage, createDeregisterImage, createDescribeImages } from "./operations/images.ts";
import { createDescribeAvailabilityZones, createDescribeSubnets } from "./operations/places.ts";
import { createRunInstances } from "./operations/run-instances.ts";
import { createCreateTags, createDeleteTags, createDescribeTags } from "./operations/tags.ts";
import { SessionTable } from "./processes/session-table.ts";
import { createEnforcer } from "./quota/create-enforcer.ts";
import { DEFAULT_EC2_SETTINGS, type Ec2Settings } from "./settings.ts";

export interface Ec2Options {
  /** Instances' folders lie in `instances/`, the records in `ec2/`. */
  readonly dataDir: string;
  readonly log: Logger;
  /** CPU quota of each instance, 1 = one core. */
  readonly vcpus: number;
  /** From RunInstances to the script's start. */
  readonly bootSeconds: number;
  /** First three numbers of the instances' addresses, such as `127.0.10`. */
  readonly addressBlock: string;
  /** At least one; the addresses are split evenly among them. */
  readonly subnets: readonly SubnetOptions[];
  readonly vpcId?: string;
  readonly region: string;
  readonly accountId: string;
  /** What an instance's role gives it; the wire's signature check must take them. */
  readonly credentialsFor: (instanceId: string, profileName: string) => InstanceCredentials;
  /** Names of the instance profiles that there are; without it any name is one. */
  readonly profiles?: ReadonlySet<string> | undefined;
  /** Variables of every instance, beside HOME, TMPDIR and the metadata endpoint's; PATH and LANG have defaults. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly settings?: Partial<Ec2Settings>;
  readonly now?: () => Date;
}

export interface CpuUsage {
  readonly instanceId: string;
  /** CPU seconds since launch; starts again at 0 when an instance was started again. */
  readonly usedSeconds: number;
  readonly quotaVcpus: number;
  readonly detailedMonitoring: boolean;
}

export type Ec2Service = Awaited<ReturnType<typeof createEc2Service>>;

/**
 * EC2 whose instances are processes of this machine. Takes over what an earlier process with the same data folder left
 * running.
 */
export async function createEc2Service(options: Ec2Options) {
  const { log, vcpus, now = () => new Date() } = options;
  let settings: Ec2Settings = { ...DEFAULT_EC2_SETTINGS, ...options.settings };
  mkdirSync(options.dataDir, { recursive: true });
  const owner = createHash("sha256").update(realpathSync(options.dataDir)).digest("hex").slice(0, 12);
  const store = new InstanceStore(join(options.dataDir, "ec2"), now);
  const table = new SessionTable(owner);
  const alive = new Set(
    store
      .list()
      .filter(isAlive)
      .map((record) => record.instanceId),
  );
  const enforcer = createEnforcer({ kind: settings.quota, owner, known: alive, log });
  const launchFaults = new LaunchFaults();

  const notices = new Notices((instanceId) => {
    const record = store.find(instanceId);
    const changes = record && takeBack(record, settings.terminationGraceSeconds, now());
    if (changes) supervisor.endProcesses(instanceId, changes);
  });

  const endpoints = new MetadataEndpoints(
    (instanceId) => ({
      find: () => {
        const record = store.find(instanceId);
        return (
          record && {
            record,
            context: {
              region: options.region,
              accountId: options.accountId,
              privateDnsName: privateDnsName(record.privateIpAddress, options.region),
              credentialsOf: (profileName) => options.credentialsFor(instanceId, profileName),
              now: now(),
              notice: notices.find(instanceId),
            },
          }
        );
      },
    }),
    log,
  );

  const supervisor = new Supervisor({
    store,
    table,
    enforcer,
    settings,
    log,
    now,
    folder: join(realpathSync(options.dataDir), "instances"),
    owner,
    vcpus,
    environment: options.environment ?? {},
    scriptOf: (record) => launchFaults.scriptOf(record),
    onEnded: (instanceId) => void endpoints.close(instanceId),
  });

  const images = new ImageStore(join(options.dataDir, "ec2"));
  const context: Ec2Context = {
    store,
    images,
    supervisor,
    endpoints,
    subnets: layOutSubnets(options.addressBlock, options.vpcId ?? "vpc-0000000000000001a", options.subnets),
    region: options.region,
    accountId: options.accountId,
    vcpus,
    profiles: options.profiles,
    bootSeconds: options.bootSeconds,
    launchFaults,
    settings: () => settings,
    log,
    now,
  };

  await Promise.all(
    store
      .list()
      .filter(isAlive)
      .map((record) => endpoints.reopen(record)),
  );
  supervisor.start();
  log.info({ quota: enforcer.kind, vcpus, adopted: alive.size }, "EC2 ready");

  return {
    handlers: createHandlers(context),
    faults: createInstanceFaults({ store, supervisor, table, launchFaults, notices }) satisfies InstanceFaults,
    quotaKind: enforcer.kind,

    /** As it is now, without the lag of Describe answers; also terminated ones, for a day. */
    getInstance: (instanceId: string): InstanceRecord | undefined => store.find(instanceId),

    /** All that EC2 remembers, terminated ones included. */
    listInstances: (): readonly InstanceRecord[] => store.list(),

    /** Of every running instance. */
    listCpuUsage: (): readonly CpuUsage[] => {
      const running = store.list().filter((record) => record.state === "running");
      const used = supervisor.listUsedSeconds(running.map(({ instanceId }) => instanceId));
      return running.map(({ instanceId, detailedMonitoring }, index) => ({
        instanceId,
        usedSeconds: used[index] ?? 0,
        quotaVcpus: vcpus,
        detailedMonitoring,
      }));
    },

    /** Changes at once what faults and tests change while running. */
    tune: (changes: Partial<Pick<Ec2Settings, "describeLagSeconds" | "capacity" | "instanceLimit">>): void => {
      settings = { ...settings, ...changes };
    },

    /** Ends all instances, or leaves them running for the next process to adopt. */
    close: async ({ keepInstances }: { readonly keepInstances: boolean }): Promise<void> => {
      notices.withdrawAll();
      await supervisor.close(keepInstances);
      await endpoints.closeAll();
      await enforcer.close(keepInstances);
      store.close();
      images.close();
    },
  };
}

function createHandlers(context: Ec2Context) {
  return {
    RunInstances: createRunInstances(context),
    DescribeInstances: createDescribeInstances(context),
    DescribeInstanceStatus: createDescribeInstanceStatus(context),
    TerminateInstances: createTerminateInstances(context),
    StopInstances: createStopInstances(context),
    StartInstances: createStartInstances(context),
    MonitorInstances: createMonitorInstances(context),
    GetConsoleOutput: createGetConsoleOutput(context),
    CreateTags: createCreateTags(context),
    DeleteTags: createDeleteTags(context),
    DescribeTags: createDescribeTags(context),
    CreateImage: createCreateImage(context),
    DescribeImages: createDescribeImages(context),
    DeregisterImage: createDeregisterImage(context),
    DescribeSubnets: createDescribeSubnets(context),
    DescribeAvailabilityZones: createDescribeAvailabilityZones(context),
  };
}
