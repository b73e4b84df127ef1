import type { Logger } from "@elastic-gas/shared/logger";
import { Fault } from "../wire/handler.ts";
import type { LaunchFaults } from "./faults.ts";
import type { ImageStore } from "./images.ts";
import type { MetadataEndpoints } from "./imds/endpoints.ts";
import type { Place } from "./instances/present.ts";
import { type InstanceRecord, isAlive } from "./instances/record.ts";
import type { InstanceStore } from "./instances/store.ts";
import type { Supervisor } from "./instances/supervisor.ts";
import type { Subnet } from "./network.ts";
import type { Ec2Settings } from "./settings.ts";

/** What the operations work on. */
export interface Ec2Context extends Place {
  readonly store: InstanceStore;
  readonly images: ImageStore;
  readonly supervisor: Supervisor;
  readonly endpoints: MetadataEndpoints;
  readonly subnets: readonly Subnet[];
  /** Names of the instance profiles that there are; undefined: any name is one. */
  readonly profiles: ReadonlySet<string> | undefined;
  readonly bootSeconds: number;
  readonly launchFaults: LaunchFaults;
  /** A function: some settings change while running. */
  readonly settings: () => Ec2Settings;
  readonly log: Logger;
  readonly now: () => Date;
}

/** What a reader of Describe calls sees: with EC2's lag, and terminated instances for a while. */
export function listVisible(context: Ec2Context): readonly InstanceRecord[] {
  const { terminatedVisibleSeconds, describeLagSeconds } = context.settings();
  const oldest = context.now().getTime() - terminatedVisibleSeconds * 1000;
  return context.store
    .listAsOf(describeLagSeconds)
    .filter((record) => isAlive(record) || record.endedAt === null || record.endedAt.getTime() > oldest)
    .toSorted((left, right) => (left.instanceId < right.instanceId ? -1 : 1));
}

/** The named instances in the order asked, or EC2's faults. */
export function getNamed(records: readonly InstanceRecord[], instanceIds: readonly string[]): InstanceRecord[] {
  for (const id of instanceIds) {
    if (!/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id)) {
      throw new Fault("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
    }
  }
  const byId = new Map(records.map((record) => [record.instanceId, record]));
  const unknown = instanceIds.filter((id) => !byId.has(id));
  if (unknown.length === 1)
    throw new Fault("InvalidInstanceID.NotFound", `The instance ID '${unknown[0]}' does not exist`);
  if (unknown.length > 1) {
    throw new Fault("InvalidInstanceID.NotFound", `The instance IDs '${unknown.join(", ")}' do not exist`);
  }
  return [...new Set(instanceIds)].flatMap((id) => byId.get(id) ?? []);
}

/** As `getNamed`, for calls that change something: at least one, and without the lag of reads. */
export function getNamedForChange(context: Ec2Context, instanceIds: readonly string[] | undefined): InstanceRecord[] {
  if (instanceIds === undefined || instanceIds.length === 0) {
    throw new Fault("MissingParameter", "The request must contain the parameter InstanceId");
  }
  const { terminatedVisibleSeconds } = context.settings();
  const oldest = context.now().getTime() - terminatedVisibleSeconds * 1000;
  const records = context.store
    .list()
    .filter((record) => isAlive(record) || record.endedAt === null || record.endedAt.getTime() > oldest);
  return getNamed(records, instanceIds);
}

/** EC2's answer to a dry run that would have succeeded; comes after all checks. */
export function refuseDryRun(isDryRun: boolean | undefined): void {
  if (isDryRun) throw new Fault("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
}
