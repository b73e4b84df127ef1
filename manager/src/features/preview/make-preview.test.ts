import { randomUUID } from "node:crypto";
import { CpuPolicy, RequestsPolicy } from "@elastic-gas/scaling/policy";
import { POOLS } from "@elastic-gas/scaling/pools";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { checkRow } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { makePreview, playedBy } from "./make-preview.ts";
import { type AskReplay, Replayer } from "./replayer.ts";
import { playSizes } from "./sizes.ts";

const MINUTE_MS = 60_000;
const NOW = Date.UTC(2026, 8, 7, 14, 0);
const CENTS = 6;
const limits = { min: 1, max: 8 };
const cpu = (changes: Readonly<Record<string, number>> = {}) => CpuPolicy.parse({ kind: "cpu", ...changes });
const { signal } = new AbortController();

let database: TestDatabase;
let replayer: Replayer;
const ask: AskReplay = (question) => replayer.ask(question, signal);

beforeAll(async () => {
  database = await createTestDatabase();
  replayer = new Replayer();
});
afterAll(async () => {
  await replayer.close();
  await database[Symbol.asyncDispose]();
});
afterEach(() => database.db.deleteFrom("decisions").execute());

/** One check a minute up to NOW; each with the load that it measured. */
async function measure(loads: readonly number[], unit: "%" | "requests/min" = "%"): Promise<void> {
  const rows = loads.map((load, index) =>
    checkRow(new Date(NOW - (loads.length - index) * MINUTE_MS), {
      measured: unit === "%" ? (load / 2) * 100 : load * 600,
      facts: JSON.stringify({ outcome: "no change", unit }),
    }),
  );
  await database.db.insertInto("decisions").values(rows).execute();
}

const request = {
  pool: "web",
  inForce: { policy: cpu(), limits },
  asked: { policy: cpu(), limits },
  load: "24h",
  current: 2,
  now: NOW,
  measured: { requestsPerWorker: null, idleResponseMs: null },
  workerPriceCentsPerHour: CENTS,
} as const;

describe("what each size would do, played with the autoscaler's own code", () => {
  it("stops the cycle of a threshold pair that ratios alone would repeat for ever", async () => {
    const policy = cpu({ growThresholdPercent: 60, shrinkThresholdPercent: 35 });
    const rows = await playSizes(ask, policy, { min: 1, max: 4 });
    expect(rows.map(({ workers, cycle, settlesAt }) => ({ workers, cycle, settlesAt }))).toEqual([
      { workers: 1, cycle: [1, 2], settlesAt: 2 },
      { workers: 2, cycle: [2, 4], settlesAt: 3 },
      { workers: 3, cycle: null, settlesAt: 4 },
      { workers: 4, cycle: null, settlesAt: 4 },
    ]);
    expect(rows[1]).toMatchObject({ grow: { to: 4 }, shrink: null, refused: { workers: 1 } });
  });
});

describe("a preview", () => {
  it("replays the measured load under both policies, and prices their difference", async () => {
    await measure([...new Array<number>(40).fill(0.4), ...new Array<number>(80).fill(2)]);
    const asked = { policy: cpu({ growRatio: 4 }), limits };
    const preview = await makePreview(database.db, { ...request, asked }, ask);
    expect(preview.load).toMatchObject({
      words: "Last 24\u00a0h, as measured (2\u00a0h of data so far)",
      from: NOW - 120 * MINUTE_MS,
    });
    expect(preview.load.minutes).toHaveLength(120);
    expect(preview.load.minutes[60]).toBeCloseTo(2);
    const { inForce, changed } = preview;
    // Doubling 1 worker is not enough for a load of 2; four times is, at once.
    expect([inForce.sizes.at(-1), changed?.peak]).toEqual([3, 4]);
    expect(changed?.overloadMinutes).toBeLessThan(inForce.overloadMinutes);
    expect(changed?.workerMinutes).toBeGreaterThan(inForce.workerMinutes);
    expect(inForce.costCents).toBeCloseTo((inForce.workerMinutes / 60) * CENTS);
  });

  it("replays the last half hour alone", async () => {
    await measure(new Array<number>(90).fill(0.5));
    const { load } = await makePreview(database.db, { ...request, load: "30m" }, ask);
    expect([load.words, load.minutes.length]).toEqual(["Last 30\u00a0min, as measured", 30]);
  });

  it("turns the requests that the request rule measured into load by what was learned", async () => {
    await measure(new Array<number>(30).fill(1.5), "requests/min");
    const known = await makePreview(
      database.db,
      { ...request, measured: { requestsPerWorker: 600, idleResponseMs: null } },
      ask,
    );
    expect(known.load.minutes.at(-1)).toBeCloseTo(1.5);
    const unknown = await makePreview(database.db, request, ask);
    expect(unknown.load.from).toBeNull();
  });

  it("says so when nothing was measured, and plays a shape in its place", async () => {
    const { load } = await makePreview(database.db, request, ask);
    expect(load.words).toBe("No load was measured in the last 24\u00a0h; a sine instead");
    expect(load.minutes).toHaveLength(360);
  });

  it.each(["step", "ramp", "sine", "spike", "sawtooth", "square", "noise"] as const)("plays a %s", async (load) => {
    const preview = await makePreview(database.db, { ...request, load }, ask);
    // 70 % of the 8 workers that the pool may grow to.
    expect(Math.max(...preview.load.minutes)).toBeLessThanOrEqual(5.6001);
    expect(preview.inForce.actions).toBeGreaterThan(0);
    expect(preview.changed).toBeNull();
  });

  it("plays the rule on requests with what was measured of answers, and says what it assumed", async () => {
    const asked = { policy: RequestsPolicy.parse({ kind: "requests" }), limits };
    const play = (idleResponseMs: number | null) =>
      makePreview(
        database.db,
        { ...request, asked, load: "spike", measured: { requestsPerWorker: 500, idleResponseMs } },
        ask,
      );
    const quick = await play(2);
    expect(quick.assumptions).toMatch(/^500 requests a minute saturate one worker \(learned\)/);
    const slow = await play(50);
    // Workers that need 50 ms when idle are never below the rule's 10 ms: nothing shrinks.
    expect([quick.changed?.sizes.at(-1), slow.changed?.sizes.at(-1)]).toEqual([1, slow.changed?.peak]);
    expect((await play(null)).assumptions).toContain("(assumed)");
  });

  it("replays the jobs that were sent for the rule on a queue", async () => {
    const { min, max, policy } = POOLS.annotator.defaults;
    const stored = { policy, limits: { min, max } };
    const annotator = { ...request, pool: "annotator", inForce: stored, asked: stored } as const;
    const invented = await makePreview(database.db, annotator, ask);
    expect([invented.load.from, invented.assumptions]).toEqual([null, expect.stringContaining("(assumed)")]);

    // 12 jobs of 60 s a minute for half an hour: twelve workers' worth, more than the pool may have.
    const user = await createUser(database.db, { username: "anna", passwordHash: "x" });
    const jobs = Array.from({ length: 360 }, (_, index) => {
      const submittedAt = new Date(NOW - 60 * MINUTE_MS + index * 5_000);
      return {
        id: randomUUID(),
        userId: user ?? 0,
        inputName: "a.vcf",
        inputKey: `k${index}`,
        inputEtag: "e",
        inputSize: 1,
        submittedAt,
        status: "COMPLETED" as const,
        startedAt: submittedAt,
        completedAt: new Date(submittedAt.getTime() + 60_000),
      };
    });
    await database.db.insertInto("jobs").values(jobs).execute();
    const preview = await makePreview(database.db, annotator, ask);
    expect(preview.load.minutes[1_390]).toBeCloseTo(12);
    expect(preview.load.minutes[1_430]).toBe(0);
    expect(preview.assumptions).toContain("60");
    expect(preview.inForce.overloadMinutes).toBeGreaterThan(20);
    expect(preview.inForce.peak).toBeGreaterThan(4);
  });
});

it("pays for what is paid, not for what serves", () => {
  const checks = [{ kind: "grow", desired: 2, outcome: "grew" }] as const;
  const played = playedBy({ load: [1], inService: [1], paid: [2], overload: [0.5], checks: [...checks] }, 120);
  expect(played).toEqual({
    sizes: [1],
    overloadMinutes: 0.5,
    workerMinutes: 2,
    costCents: 4,
    actions: 1,
    mean: 1,
    peak: 1,
  });
});
