import type { PoolName } from "@elastic-gas/shared/resources";
import { IS_PROOF, keepResults, type ResultRow } from "@elastic-gas/testing/autoscaler/proof";
import { startTestHarness, type TestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { type WebPoolAccounts, watchWebPool } from "@elastic-gas/testing/autoscaler/web-pool-accounts";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runAutoscaler } from "../loop.ts";

/** The long form hangs for 30 s; the quick one is a quarter of it in all its times. */
const SCALE = IS_PROOF ? 1 : 0.25;
const HANG_SECONDS = 30 * SCALE;
const TICK_SECONDS = 32 * SCALE;
const LATE_PERIODS = 2;

interface Trouble {
  readonly name: string;
  readonly rules: readonly Readonly<Record<string, string | number>>[];
  /** The request that comes while the trouble lasts; without it the pool has to stay as it is. */
  readonly to?: number;
}

const hang = (service: string, operation: string, to?: number): Trouble => ({
  name: `${operation} hangs for ${HANG_SECONDS} s`,
  rules: [{ kind: "hang", service, operation, seconds: HANG_SECONDS, durationSeconds: HANG_SECONDS }],
  ...(to === undefined ? {} : { to }),
});
const share = (kind: string, percent: number): Readonly<Record<string, string | number>> => ({
  kind,
  percent,
  durationSeconds: 2 * TICK_SECONDS,
});

const NOISE = [share("throttling", 30), share("internal-error", 10)];

/** One after another on the same pool, which has two workers at first. */
const QUICK: readonly Trouble[] = [
  { name: "30 % throttled and 10 % failing, growing", rules: NOISE, to: 4 },
  hang("ec2", "TerminateInstances", 2),
  hang("ec2", "DescribeInstances", 3),
];
const MORE: readonly Trouble[] = [
  { name: "30 % throttled and 10 % failing, shrinking", rules: NOISE, to: 2 },
  hang("ec2", "RunInstances", 4),
  hang("elbv2", "DeregisterTargets", 2),
  hang("elbv2", "RegisterTargets", 4),
  hang("elbv2", "DescribeTargetHealth", 2),
  hang("cloudwatch", "PutMetricData"),
  hang("sqs", "GetQueueAttributes"),
];

describe("AWS calls that are throttled, fail or hang", () => {
  let harness: TestHarness;
  let pool: WebPoolAccounts;
  const stop = new AbortController();
  let ended: Promise<unknown> | undefined;
  const rows: ResultRow[] = [];
  beforeAll(async () => {
    harness = await startTestHarness(
      {
        TICK_SECONDS: String(TICK_SECONDS),
        LEASE_SECONDS: String(Math.max(6, 16 * SCALE)),
        HEALTH_CHECK_INTERVAL_SECONDS: "1",
        BOOT_DEADLINE_SECONDS: "300",
      },
      // 5 s at the default tick of 60 s.
      { requestTimeoutMs: (5_000 * TICK_SECONDS) / 60 },
    );
    pool = await watchWebPool(harness);
    await setPolicy("fixed", 2);
    ended = runAutoscaler(harness.another("one").context, { startId: undefined, signal: stop.signal });
    await pool.atRest(2);
  }, 300_000);
  afterEach(() => clear());
  afterAll(async () => {
    stop.abort();
    await ended;
    await harness?.[Symbol.asyncDispose]();
    await keepResults(
      "autoscaler-faults-in-aws-calls",
      "Throttling, errors and hangs of the autoscaler's AWS calls",
      rows,
    );
  });

  const setPolicy = async (kind: string, desired: number): Promise<void> => {
    const policy = JSON.stringify({ kind });
    await harness.db
      .updateTable("pools")
      .set((eb) => ({ policy, desired, policyVersion: eb("policyVersion", "+", 1) }))
      .where("name", "=", "web")
      .execute();
  };
  const faults = async (method: "POST" | "DELETE", rule?: object): Promise<void> => {
    const answer = await fetch(`${harness.cloud.endpoint}/_faults`, {
      method,
      ...(rule === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(rule) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  const clear = (): Promise<void> => faults("DELETE");
  const decisions = (since: Date) =>
    harness.db.selectFrom("decisions").selectAll().where("at", ">=", since).orderBy("id").execute();

  const tell = async ({ name, rules, to }: Trouble): Promise<void> => {
    const from = await pool.findDesired();
    const size = to ?? from;
    await pool.atRest(from);
    pool.forget();
    const beganAt = new Date();
    for (const rule of rules) await faults("POST", rule);
    await harness.setPool("web", { desired: size });
    const lasts = Math.max(...rules.map(({ durationSeconds }) => Number(durationSeconds))) * 1_000;
    await waitUntil("the trouble to be over", () => Date.now() > beganAt.getTime() + lasts, { deadlineMs: 300_000 });
    await clear();
    // In the long form these pass by themselves.
    if (!IS_PROOF) await pool.passTwoMinutes();
    await pool.atRest(size, { deadlineMs: 240_000 });
    const seconds = Math.round((Date.now() - beganAt.getTime()) / 1_000);
    const checks = await waitUntil(
      "a check after the trouble",
      async () => {
        const all = await decisions(beganAt);
        return (
          POOLS.every((each) => all.some((row) => row.pool === each && row.at.getTime() > beganAt.getTime() + lasts)) &&
          all
        );
      },
      { deadlineMs: 240_000 },
    );

    const late = latePeriods(checks, beganAt);
    const sizes = pool.sizes();
    rows.push({
      trouble: name,
      from,
      to: size,
      most: Math.max(...sizes),
      least: Math.min(...sizes),
      "periods late": Math.round(late * 10) / 10,
      "s to rest": seconds,
    });
    expect(Math.max(...sizes)).toBe(Math.max(from, size));
    expect(Math.min(...sizes)).toBe(Math.min(from, size));
    expect(checks.every(({ kind }) => kind === "hold")).toBe(true);
    expect(late).toBeLessThanOrEqual(LATE_PERIODS);
  };

  it.each((IS_PROOF ? [...QUICK, ...MORE] : QUICK).map((trouble) => [trouble.name, trouble] as const))(
    `%s: checks are late by ${LATE_PERIODS} periods at most, and no worker is too many or left over`,
    (_, trouble) => tell(trouble),
    900_000,
  );

  it("an idle pool does not shrink while GetMetricData hangs, and does when it answers again", async () => {
    await setPolicy("fixed", 2);
    await pool.atRest(2);
    await faults("POST", { kind: "hang", operation: "GetMetricData", seconds: HANG_SECONDS, durationSeconds: 600 });
    pool.forget();
    const beganAt = new Date();
    await setPolicy("cpu", 2);
    const blind = await waitUntil(
      "three checks without data",
      async () => {
        const checks = (await decisions(beganAt)).filter((row) => row.pool === "web" && row.measured === null);
        return checks.length >= 3 && checks;
      },
      { deadlineMs: 300_000 },
    );
    expect(blind.map(({ kind }) => kind)).toEqual(blind.map(() => "hold"));
    expect(pool.sizes()).toEqual([2]);
    const late = latePeriods(await decisions(beganAt), beganAt);
    rows.push({
      trouble: "GetMetricData hangs",
      from: 2,
      to: 2,
      most: 2,
      least: 2,
      "periods late": Math.round(late * 10) / 10,
      "s to rest": 0,
    });
    expect(late).toBeLessThanOrEqual(LATE_PERIODS);

    await clear();
    await waitUntil("the shrink", async () => (await pool.findDesired()) === 1, { deadlineMs: 300_000 });
    await pool.atRest(1);
  }, 900_000);
});

const POOLS: readonly PoolName[] = ["web", "annotator", "utility"];

/** How late the latest check of any pool came, in periods after it was due. */
function latePeriods(checks: readonly { readonly pool: string; readonly at: Date }[], beganAt: Date): number {
  const gaps = POOLS.flatMap((each) => {
    const instants = checks.filter(({ pool }) => pool === each).map(({ at }) => at.getTime());
    return instants.map((instant, index) => instant - (instants[index - 1] ?? beganAt.getTime()));
  });
  return Math.max(0, Math.max(...gaps) / (TICK_SECONDS * 1_000) - 1);
}
