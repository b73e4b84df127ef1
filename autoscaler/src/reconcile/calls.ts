import { randomUUID } from "node:crypto";
import {
  type EC2Client,
  EC2ServiceException,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import {
  DeregisterTargetsCommand,
  type ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Config } from "@elastic-gas/shared/config";
import { instanceProfileName } from "@elastic-gas/shared/permissions";
import { nameTag, type PoolName, TAGS } from "@elastic-gas/shared/resources";
import { LeaseLostError, type Permit } from "../lease/lease.ts";
import { underPermit } from "../lease/under-permit.ts";

export type LaunchSettings = Pick<
  Config,
  | "PREFIX"
  | "WORKER_IMAGE_ID"
  | "WORKER_INSTANCE_TYPE"
  | "WORKER_SECURITY_GROUP_IDS"
  | "WEB_SECURITY_GROUP_IDS"
  | "WORKER_LAUNCH_TEMPLATE"
  | "WORKER_INSTANCE_PROFILE"
>;

/**
 * What became of a launch; `not sent`: EC2 was not even asked; `unknown`: it may have launched it, the tag will tell.
 */
export type LaunchOutcome =
  | { readonly kind: "launched"; readonly instanceId: string }
  | { readonly kind: "failed"; readonly failure: string }
  | { readonly kind: "not sent"; readonly error: unknown }
  | { readonly kind: "unknown"; readonly failure: string };

/** A new intent's id: ClientToken and tag, used once. */
export function newIntentId(): string {
  return randomUUID();
}

/** Launches one worker. The same intent twice gives the same instance. */
export async function launchWorker(
  ec2: EC2Client,
  launch: {
    readonly intentId: string;
    readonly pool: PoolName;
    readonly subnetId: string | null;
    readonly releaseId: string;
    readonly userData: string;
  },
  settings: LaunchSettings,
  permit: Permit,
): Promise<LaunchOutcome> {
  const { intentId, pool, subnetId, releaseId, userData } = launch;
  const tags = {
    [TAGS.name]: nameTag(settings.PREFIX, pool),
    [TAGS.prefix]: settings.PREFIX,
    [TAGS.pool]: pool,
    [TAGS.intent]: intentId,
    [TAGS.release]: releaseId,
  };
  const ownGroups = pool === "web" ? settings.WEB_SECURITY_GROUP_IDS : [];
  const groups = ownGroups.length > 0 ? ownGroups : settings.WORKER_SECURITY_GROUP_IDS;
  const command = new RunInstancesCommand({
    MinCount: 1,
    MaxCount: 1,
    ClientToken: intentId,
    ImageId: settings.WORKER_IMAGE_ID,
    // The settings take any type, also one newer than the SDK's list.
    InstanceType: settings.WORKER_INSTANCE_TYPE as never,
    ...(subnetId === null ? {} : { SubnetId: subnetId }),
    ...(groups.length === 0 ? {} : { SecurityGroupIds: [...groups] }),
    ...(settings.WORKER_INSTANCE_PROFILE === undefined
      ? {}
      : { IamInstanceProfile: { Name: instanceProfileName(settings.WORKER_INSTANCE_PROFILE, pool) } }),
    ...(settings.WORKER_LAUNCH_TEMPLATE === undefined
      ? {}
      : { LaunchTemplate: { LaunchTemplateName: settings.WORKER_LAUNCH_TEMPLATE } }),
    Monitoring: { Enabled: true },
    InstanceInitiatedShutdownBehavior: "terminate",
    MetadataOptions: { HttpTokens: "required" },
    UserData: Buffer.from(userData, "utf8").toString("base64"),
    TagSpecifications: [
      { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
    ],
  });
  try {
    const { Instances = [] } = await ec2.send(underPermit(command, permit), { abortSignal: permit.signal });
    const instanceId = Instances[0]?.InstanceId;
    return instanceId === undefined
      ? { kind: "unknown", failure: "EC2 named no instance" }
      : { kind: "launched", instanceId };
  } catch (error) {
    if (!permit.hasLeft) return { kind: "not sent", error };
    if (error instanceof LeaseLostError) throw error;
    const failure = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: refused(error) ? "failed" : "unknown", failure };
  }
}

/** What EC2 takes in one TerminateInstances. */
export const MOST_TERMINATED = 1_000;

/**
 * At most MOST_TERMINATED. Succeeds for instances that are gone already. One call for all, and one by one when EC2 does
 * not know one of them.
 */
export async function terminateWorkers(ec2: EC2Client, instanceIds: readonly string[], permit: Permit): Promise<void> {
  if (instanceIds.length === 0) return;
  try {
    const command = new TerminateInstancesCommand({ InstanceIds: [...instanceIds] });
    await ec2.send(underPermit(command, permit), { abortSignal: permit.signal });
  } catch (error) {
    if (!(error instanceof EC2ServiceException) || error.name !== "InvalidInstanceID.NotFound") throw error;
    if (instanceIds.length === 1) return;
    for (const instanceId of instanceIds) await terminateWorkers(ec2, [instanceId], permit);
  }
}

export async function registerWorkers(
  elbv2: ElasticLoadBalancingV2Client,
  group: TargetsOfGroup,
  permit: Permit,
): Promise<void> {
  const command = new RegisterTargetsCommand(toTargets(group));
  await elbv2.send(underPermit(command, permit), { abortSignal: permit.signal });
}

/** Succeeds for targets that are not registered. */
export async function deregisterWorkers(
  elbv2: ElasticLoadBalancingV2Client,
  group: TargetsOfGroup,
  permit: Permit,
): Promise<void> {
  const command = new DeregisterTargetsCommand(toTargets(group));
  await elbv2.send(underPermit(command, permit), { abortSignal: permit.signal });
}

/** At least one instance. */
interface TargetsOfGroup {
  readonly targetGroupArn: string;
  readonly instanceIds: readonly string[];
}

function toTargets({ targetGroupArn, instanceIds }: TargetsOfGroup) {
  return { TargetGroupArn: targetGroupArn, Targets: instanceIds.map((Id) => ({ Id })) };
}

/** EC2 said no, so that nothing was launched. Its own trouble or a lost answer says nothing. */
function refused(error: unknown): boolean {
  return (
    error instanceof EC2ServiceException &&
    !["InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable"].includes(error.name)
  );
}
