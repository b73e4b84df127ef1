import { Aws } from "aws-cdk-lib";
import { logAgentStatement, permissionsOf, type Statement } from "../../shared/src/permissions.ts";
import { POOL_NAMES, type PoolName, type Resources, resourcesOf } from "../../shared/src/resources.ts";
import { logGroups } from "./log-agent.ts";
import type { Options } from "./options.ts";

/** The ports that the settings' defaults name. */
export const WORKER_PORT = 8000;
export const MANAGER_PORT = 5000;
/** Not MySQL's usual one. */
export const DATABASE_PORT = 3307;

/** Bucket names are global, so that they end in account and region. */
export const BUCKET_SUFFIX = `-${Aws.ACCOUNT_ID}-${Aws.REGION}`;

/** Names of our resources, with account and region as CloudFormation fills them in. */
export function namesOf({ PREFIX }: Pick<Options, "PREFIX">): Resources {
  return resourcesOf({ PREFIX, BUCKET_SUFFIX });
}

/** Stem of the roles' names, which all regions of an account share. */
export function roleStem({ PREFIX }: Pick<Options, "PREFIX">): string {
  return `${PREFIX}-gas-${Aws.REGION}`;
}

/** What each machine may do: its role's code, and its log agent. Manager, autoscaler and the start share one. */
export function machineRights(
  options: Pick<Options, "PREFIX">,
): Readonly<Record<PoolName | "manager", readonly Statement[]>> {
  const place = { region: Aws.REGION, accountId: Aws.ACCOUNT_ID };
  const rights = permissionsOf(namesOf(options), { ...place, instanceProfile: roleStem(options) });
  const groups = logGroups(options);
  const ofPools = POOL_NAMES.map((pool) => [pool, [...rights[pool], logAgentStatement(groups.workers, place)]]);
  return {
    ...Object.fromEntries(ofPools),
    manager: [...rights.manager, ...rights.autoscaler, logAgentStatement(groups.manager, place)],
  };
}

export function stackNames({ PREFIX }: Pick<Options, "PREFIX">): {
  readonly foundation: string;
  readonly service: string;
} {
  return { foundation: `${PREFIX}-gas-foundation`, service: `${PREFIX}-gas-service` };
}
