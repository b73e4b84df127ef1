import { ensurePools } from "@elastic-gas/autoscaler/pools/pools";
import { findBalancer, listTargetHealth } from "@elastic-gas/shared/aws/load-balancer";
import { sql } from "kysely";
import { waitUntil } from "../wait-until.ts";
import type { TestHarness } from "./test-harness.ts";

/** What is known of the web pool from all sides. */
export interface WebPoolAccounts {
  findDesired(): Promise<number>;
  /** Workers that were launched and not ended, whatever EC2's answers show yet. */
  truth(): readonly string[];
  /** How many workers there were at first and after each launch and end since `forget`. */
  sizes(): readonly number[];
  /** Begins a new account of sizes and calls. */
  forget(): void;
  /** Waits until every account agrees on this size: the truth, EC2's, the target group's, MySQL's. */
  atRest(size: number, options?: { readonly deadlineMs?: number }): Promise<void>;
  /** Launches whose fate nobody knows count as pending for two minutes: lets these pass for those wanted until then. */
  passTwoMinutes(until?: Date): Promise<void>;
}

/** Makes the pools, all but the web pool empty, and keeps account of that one. */
export async function watchWebPool(harness: TestHarness): Promise<WebPoolAccounts> {
  const { db, context, changes } = harness;
  await ensurePools(db, new Date());
  for (const pool of ["annotator", "utility"] as const) await harness.setPool(pool, { min: 0, desired: 0 });
  const balancer = await findBalancer(context.cloud.elbv2, context.resources);
  if (balancer === null) throw new Error("No load balancer.");
  const { targetGroupArn } = balancer;

  const sizes = (): readonly (readonly string[])[] => {
    const living = new Set<string>();
    return changes.map(({ operation, instanceIds }) => {
      for (const id of instanceIds) operation === "RunInstances" ? living.add(id) : living.delete(id);
      return [...living];
    });
  };
  const truth = (): readonly string[] => sizes().at(-1) ?? [];
  const accounts = async (): Promise<readonly (readonly string[])[]> => [
    truth(),
    (await harness.instances("web")).map(({ id }) => id),
    (await listTargetHealth(context.cloud.elbv2, targetGroupArn)).map(({ instanceId }) => instanceId),
    (
      await db
        .selectFrom("workers")
        .select("instanceId")
        .where("draining", "=", false)
        .where("inServiceAt", "is not", null)
        .execute()
    ).map(({ instanceId }) => instanceId),
  ];
  return {
    async findDesired() {
      const row = await db.selectFrom("pools").select("desired").where("name", "=", "web").executeTakeFirstOrThrow();
      return row.desired;
    },
    truth,
    sizes: () => sizes().map((living) => living.length),
    forget() {
      changes.splice(0, changes.length, { operation: "RunInstances", instanceIds: truth() });
      harness.calls.length = 0;
    },
    async atRest(size, { deadlineMs = 60_000 } = {}) {
      let last: readonly string[] = [];
      const agree = async (): Promise<boolean> => {
        last = (await accounts()).map((ids) => ids.toSorted().join());
        const open = await db.selectFrom("launchIntents").select("id").where("state", "=", "wanted").execute();
        return new Set(last).size === 1 && truth().length === size && open.length === 0;
      };
      await waitUntil(`a web pool of ${size}`, agree, { deadlineMs }).catch((error: unknown) => {
        throw new Error(`Truth, EC2, target group, MySQL: ${JSON.stringify(last)}`, { cause: error });
      });
    },
    async passTwoMinutes(until = new Date()) {
      await db
        .updateTable("launchIntents")
        .set({ createdAt: sql<Date>`created_at - interval 121 second` })
        .where("state", "=", "wanted")
        .where("createdAt", ">", new Date(Date.now() - 120_000))
        .where("createdAt", "<=", until)
        .execute();
    },
  };
}
