import { listWorkerRecords } from "@elastic-gas/shared/pools/workers";
import {
  type AutoscalerProcess,
  type Held,
  holdCall,
  type ProcessHarness,
  startProcessHarness,
} from "@elastic-gas/testing/autoscaler/process-harness";
import { IS_PROOF, keepResults, type ResultRow } from "@elastic-gas/testing/autoscaler/proof";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const SMALL = 1;
const LARGE = 3;
const LAG_SECONDS = IS_PROOF ? 10 : 1.5;
const REPEATS = IS_PROOF ? 5 : 1;

interface Point {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Asks for the size and lets the autoscaler come to the point; it stands there until the held call is released. */
  readonly reach: (harness: ProcessHarness) => Promise<Held>;
}

describe(`an autoscaler process killed with SIGKILL, while EC2's answers are ${LAG_SECONDS} s old`, () => {
  let harness: ProcessHarness;
  let acting: AutoscalerProcess;
  const rows: ResultRow[] = [];
  beforeAll(async () => {
    harness = await startProcessHarness({ LEASE_SECONDS: "6" });
    const lag = { kind: "describe-lag", seconds: LAG_SECONDS, durationSeconds: 86_400 };
    await fetch(`${harness.cloud.endpoint}/_faults`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(lag),
    });
    acting = harness.startProcess();
  }, 300_000);
  afterEach(() => harness.intercept(null));
  afterAll(async () => {
    await harness?.[Symbol.asyncDispose]();
    await keepResults("autoscaler-killed-anywhere", "Autoscaler killed with SIGKILL at twelve points", rows);
  });

  /** Passes on from this moment, for so long as EC2's answers are old, and five passes more. */
  const settle = async (): Promise<void> => {
    let passes = 0;
    let oldUntil = Date.now() + LAG_SECONDS * 1_000;
    harness.intercept((invocation, next) => {
      if (invocation.operation === "DescribeTargetHealth" && Date.now() > oldUntil) passes += 1;
      if (invocation.operation === "RunInstances") oldUntil = Date.now() + LAG_SECONDS * 1_000;
      return next();
    });
    await waitUntil("five quiet passes", () => passes >= 5, { deadlineMs: 120_000 });
  };

  const tell = async ({ name, from, to, reach }: Point): Promise<void> => {
    await harness.setPool("web", { desired: from });
    await harness.atRest(from, { deadlineMs: 120_000 });
    harness.forget();

    const held = await reach(harness);
    await acting.kill();
    held.release("cut");
    harness.intercept(null);
    const killedAt = Date.now();
    // The dead one's lease; the long form waits for its end.
    if (!IS_PROOF) await harness.db.updateTable("leases").set({ until: null }).execute();
    acting = harness.startProcess();
    if (!IS_PROOF) await passTwoMinutes(harness, new Date(killedAt));
    await harness.atRest(to, { deadlineMs: 240_000 });
    const seconds = Math.round((Date.now() - killedAt) / 1_000);
    await settle();
    await harness.atRest(to);

    const sizes = harness.sizes();
    const tokens = harness.calls.flatMap(({ operation, input }) =>
      operation === "RunInstances" ? [input.ClientToken] : [],
    );
    const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
    rows.push({
      "killed at": name,
      from: from,
      to: to,
      most: most,
      least: least,
      leaked: harness.truth().length - to,
      "s to rest": seconds,
    });
    expect(most).toBe(Math.max(from, to));
    expect(least).toBe(Math.min(from, to));
    expect(tokens.length).toBe(new Set(tokens).size);
    const draining = (await listWorkerRecords(harness.db, { pool: "web" })).filter(
      (row) => row.draining && harness.truth().includes(row.instanceId),
    );
    expect(draining).toEqual([]);
  };

  for (let repeat = 1; repeat <= REPEATS; repeat += 1) {
    // A grow and a shrink in turn: each begins where the one before ended.
    it.each(
      GROW.flatMap((point, index) => [point, ...SHRINK.slice(index, index + 1)]).map(
        (point) => [point.name, point] as const,
      ),
    )(
      `%s: the pool reaches its size, nothing is launched twice or left over (${repeat} of ${REPEATS})`,
      (_, point) => tell(point),
      600_000,
    );
  }
});

function at(operation: string, when: "before" | "after", to: number): Point["reach"] {
  return async (harness) => {
    const held = holdCall(harness, operation, when);
    await harness.setPool("web", { desired: to });
    await held.reached;
    return held;
  };
}

const GROW: readonly Point[] = (
  [
    ["before the intent's row is written", beforeItActs(LARGE)],
    ["with the intent's row, before RunInstances is carried out", at("RunInstances", "before", LARGE)],
    ["RunInstances carried out, its answer lost", at("RunInstances", "after", LARGE)],
    ["RunInstances answered, before the instance's id is written", beforeTheId],
    ["the instance seen, before RegisterTargets is carried out", at("RegisterTargets", "before", LARGE)],
    ["RegisterTargets carried out, its answer lost", at("RegisterTargets", "after", LARGE)],
  ] as const
).map(([name, reach]) => ({ name: `growing, ${name}`, from: SMALL, to: LARGE, reach }));

const SHRINK: readonly Point[] = (
  [
    ["before the victims' rows are written", beforeItActs(SMALL)],
    ["with the victims' rows, before DeregisterTargets is carried out", at("DeregisterTargets", "before", SMALL)],
    ["DeregisterTargets carried out, its answer lost", at("DeregisterTargets", "after", SMALL)],
    ["while the victims drain", whileDraining],
    ["before TerminateInstances is carried out", at("TerminateInstances", "before", SMALL)],
    ["TerminateInstances carried out, its answer lost", at("TerminateInstances", "after", SMALL)],
  ] as const
).map(([name, reach]) => ({ name: `shrinking, ${name}`, from: LARGE, to: SMALL, reach }));

/** The pass that reads the new desired state has asked AWS how things are, and stands. */
function beforeItActs(to: number): Point["reach"] {
  return async (harness) => {
    const early = holdCall(harness, "DescribeTargetHealth", "before");
    await early.reached;
    await harness.setPool("web", { desired: to });
    // The desired state is read before AWS is asked: the pass after this one is the first that knows.
    const held = holdCall(harness, "DescribeTargetHealth", "before");
    early.release("answer");
    await held.reached;
    expect(harness.calls.map(({ operation }) => operation)).not.toContain(
      to === SMALL ? "DeregisterTargets" : "RunInstances",
    );
    return held;
  };
}

async function whileDraining(harness: ProcessHarness): Promise<Held> {
  const first = holdCall(harness, "DeregisterTargets", "after");
  await harness.setPool("web", { desired: SMALL });
  await first.reached;
  const held = holdCall(harness, "DescribeTargetHealth", "before");
  first.release("answer");
  await held.reached;
  return held;
}

/** A lock on the intent's row makes the autoscaler wait exactly there. */
async function beforeTheId(harness: ProcessHarness): Promise<Held> {
  const launched = holdCall(harness, "RunInstances", "after");
  await harness.setPool("web", { desired: LARGE });
  await launched.reached;
  const locked = Promise.withResolvers<void>();
  const unlock = Promise.withResolvers<void>();
  const lock = harness.db.transaction().execute(async (trx) => {
    await trx.selectFrom("launchIntents").select("id").where("state", "=", "wanted").forUpdate().execute();
    locked.resolve();
    await unlock.promise;
  });
  await locked.promise;
  launched.release("answer");
  const waiting = await waitUntil(
    "the autoscaler to wait for the row",
    async () => {
      const { rows } = await sql<{ id: number }>`select p.id as id from information_schema.innodb_trx t
        join information_schema.processlist p on p.id = t.trx_mysql_thread_id
        where p.db = database() and t.trx_state = 'LOCK WAIT'`.execute(harness.db);
      return rows[0];
    },
    // InnoDB shows the same picture again until nobody has looked for 100 ms.
    { deadlineMs: 120_000, pollMs: 250 },
  ).catch((error: unknown) => {
    // Else the row would stay locked for all that follow.
    unlock.resolve();
    throw error;
  });
  return {
    reached: launched.reached,
    release() {
      // The statement of the dead process would still be carried out when the row is free.
      void sql`kill ${sql.lit(waiting.id)}`.execute(harness.db).then(() => unlock.resolve());
      void lock;
    },
  };
}

/**
 * But not before EC2 can have shown an instance that was launched, and for what the dead one wanted alone: what its
 * successor wants stays as young as it is.
 */
async function passTwoMinutes(harness: ProcessHarness, killedAt: Date): Promise<void> {
  const end = Date.now() + LAG_SECONDS * 1_000 + 3_000;
  await waitUntil("EC2's answers to be of after the death", () => Date.now() > end);
  await harness.passTwoMinutes(killedAt);
}
