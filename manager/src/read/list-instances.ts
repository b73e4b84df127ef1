import { type EC2Client, type Instance as Ec2Instance, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { isPoolName, TAGS } from "@elastic-gas/shared/resources";
import type { Instance } from "../model/fleet/instance.ts";

/** Every instance of this installation that EC2 still knows, terminated ones (for about an hour) included. */
export async function listInstances(ec2: EC2Client, prefix: string): Promise<readonly Instance[]> {
  const instances: Instance[] = [];
  const pages = paginateDescribeInstances(
    { client: ec2, pageSize: 200 },
    { Filters: [{ Name: `tag:${TAGS.prefix}`, Values: [prefix] }] },
  );
  for await (const page of pages) {
    for (const reservation of page.Reservations ?? []) {
      for (const instance of reservation.Instances ?? []) {
        const read = readInstance(instance);
        if (read !== undefined) instances.push(read);
      }
    }
  }
  return instances;
}

function readInstance(instance: Ec2Instance): Instance | undefined {
  const pool = instance.Tags?.find((tag) => tag.Key === TAGS.pool)?.Value ?? "";
  const { InstanceId: id, State: state, LaunchTime: launched } = instance;
  if (!isPoolName(pool) || id === undefined || state?.Name === undefined) return undefined;
  return {
    id,
    pool,
    state: state.Name,
    type: instance.InstanceType ?? "",
    zone: instance.Placement?.AvailabilityZone ?? "",
    address: instance.PrivateIpAddress ?? null,
    launchedAt: launched?.getTime() ?? 0,
    stateReason: instance.StateReason?.Message ?? null,
  };
}
