import { type EC2Client, type Instance as Ec2Instance, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { isPoolName, type PoolName, TAGS } from "../resources.ts";

/** An EC2 instance with our tags. Instants are epoch milliseconds. */
export interface Instance {
  readonly id: string;
  readonly pool: PoolName;
  /** The launch that it came of; null when nobody tagged it. */
  readonly intentId: string | null;
  /** What it runs; null when no tag tells. */
  readonly releaseId: string | null;
  readonly state: "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";
  readonly type: string;
  readonly zone: string;
  readonly subnetId: string | null;
  readonly address: string | null;
  readonly launchedAt: number;
  /** Why EC2 ended it, in EC2's words. */
  readonly stateReason: string | null;
}

/** The most that EC2 gives on one page, and the most values that one of its filters takes. */
const PAGE_SIZE = 1_000;
const FILTER_VALUES = 200;
const LIVING = ["pending", "running", "shutting-down", "stopping", "stopped"];

/**
 * Every instance with our prefix tag, one paginated call for all pools; those without our tags are never even seen.
 * Ended ones, which EC2 knows for about an hour, only when asked for.
 */
export async function listInstances(
  ec2: EC2Client,
  prefix: string,
  { ended = false }: { readonly ended?: boolean } = {},
): Promise<readonly Instance[]> {
  const Filters = [
    { Name: `tag:${TAGS.prefix}`, Values: [prefix] },
    ...(ended ? [] : [{ Name: "instance-state-name", Values: LIVING }]),
  ];
  const instances: Instance[] = [];
  for await (const page of paginateDescribeInstances({ client: ec2, pageSize: PAGE_SIZE }, { Filters })) {
    for (const reservation of page.Reservations ?? []) {
      for (const instance of reservation.Instances ?? []) {
        const read = readInstance(instance, prefix);
        if (read !== undefined) instances.push(read);
      }
    }
  }
  return instances;
}

/** Which of these EC2 says have ended or are ending. What it does not show at all is not among them. */
export async function listEnded(
  ec2: EC2Client,
  prefix: string,
  instanceIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const ended = new Set<string>();
  for (let from = 0; from < instanceIds.length; from += FILTER_VALUES) {
    const Values = instanceIds.slice(from, from + FILTER_VALUES);
    // Filters, for an id that EC2 does not know yet would fail the whole call.
    const Filters = [
      { Name: `tag:${TAGS.prefix}`, Values: [prefix] },
      { Name: "instance-id", Values },
      { Name: "instance-state-name", Values: ["shutting-down", "terminated"] },
    ];
    for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters })) {
      for (const { Instances = [] } of Reservations)
        for (const { InstanceId } of Instances) if (InstanceId !== undefined) ended.add(InstanceId);
    }
  }
  return ended;
}

function readInstance(instance: Ec2Instance, prefix: string): Instance | undefined {
  const tag = (key: string): string | undefined => instance.Tags?.find((entry) => entry.Key === key)?.Value;
  const pool = tag(TAGS.pool) ?? "";
  const { InstanceId: id, State: state } = instance;
  // Filtered by the server already; whatever else it answers, what does not carry our tags is not ours.
  if (tag(TAGS.prefix) !== prefix || !isPoolName(pool) || id === undefined || state?.Name === undefined)
    return undefined;
  return {
    id,
    pool,
    intentId: tag(TAGS.intent) ?? null,
    releaseId: tag(TAGS.release) ?? null,
    state: state.Name,
    type: instance.InstanceType ?? "",
    zone: instance.Placement?.AvailabilityZone ?? "",
    subnetId: instance.SubnetId ?? null,
    address: instance.PrivateIpAddress ?? null,
    launchedAt: instance.LaunchTime?.getTime() ?? 0,
    stateReason: instance.StateReason?.Message ?? null,
  };
}
