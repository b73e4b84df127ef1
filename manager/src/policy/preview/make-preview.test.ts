import { AdaptivePolicy, CpuPolicy } from "@elastic-gas/shared/pools/policy";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/shared/testing/database";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkRow } from "../../build-test-manager.ts";
import { makePreview, playedBy, REPLAY_SCRIPT, whyNotSimulated } from "./make-preview.ts";
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
  replayer = new Replayer({ script: REPLAY_SCRIPT });
});
afterAll(async () => {
  replayer.close();
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
  requestsPerWorker: null,
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
    expect(preview.load).toMatchObject({ words: "Last 24 h, as measured", from: NOW - 120 * MINUTE_MS });
    expect(preview.load.minutes).toHaveLength(120);
    expect(preview.load.minutes[60]).toBeCloseTo(2);
    const { inForce, changed } = preview;
    // Doubling 1 worker is not enough for a load of 2; four times is, at once.
    expect([inForce?.sizes.at(-1), changed?.peak]).toEqual([3, 4]);
    expect(changed?.overloadMinutes).toBeLessThan(inForce?.overloadMinutes ?? 0);
    expect(changed?.workerMinutes).toBeGreaterThan(inForce?.workerMinutes ?? 0);
    expect(inForce?.costCents).toBeCloseTo(((inForce?.workerMinutes ?? 0) / 60) * CENTS);
  });

  it("replays the last half hour alone", async () => {
    await measure(new Array<number>(90).fill(0.5));
    const { load } = await makePreview(database.db, { ...request, load: "30m" }, ask);
    expect([load.words, load.minutes.length]).toEqual(["Last 30 min, as measured", 30]);
  });

  it("turns the requests that the request rule measured into load by what was learned", async () => {
    await measure(new Array<number>(30).fill(1.5), "requests/min");
    const known = await makePreview(database.db, { ...request, requestsPerWorker: 600 }, ask);
    expect(known.load.minutes.at(-1)).toBeCloseTo(1.5);
    const unknown = await makePreview(database.db, request, ask);
    expect(unknown.load.from).toBeNull();
  });

  it("says so when nothing was measured, and plays a shape in its place", async () => {
    const { load } = await makePreview(database.db, request, ask);
    expect(load.words).toBe("No load was measured in the last 24 h; a sine instead");
    expect(load.minutes).toHaveLength(360);
  });

  it.each(["step", "ramp", "sine", "spike", "sawtooth", "square", "noise"] as const)("plays a %s", async (load) => {
    const preview = await makePreview(database.db, { ...request, load }, ask);
    // 70 % of the 8 workers that the pool may grow to.
    expect(Math.max(...preview.load.minutes)).toBeLessThanOrEqual(5.6001);
    expect(preview.inForce?.actions).toBeGreaterThan(0);
    expect(preview.changed).toBeNull();
  });

  it("shows the form's rule alone when the one in force cannot be simulated", async () => {
    const inForce = {
      policy: {
        kind: "requests" as const,
        growAboveRequestsPerMinute: 200,
        growHoldSeconds: 300,
        shrinkBelowResponseMs: 10,
      },
      limits,
    };
    const asked = { policy: AdaptivePolicy.parse({ kind: "adaptive" }), limits };
    const preview = await makePreview(database.db, { ...request, inForce, asked, load: "step" }, ask);
    expect(preview.inForce).toBeNull();
    expect(preview.changed?.peak).toBeGreaterThan(1);
    expect(preview.load.minutes.at(-1)).toBeCloseTo(5.6);
  });

  it("says which rules it cannot simulate, and why", () => {
    expect(whyNotSimulated("web", "cpu")).toBeNull();
    expect(whyNotSimulated("web", "requests")).toContain("response times");
    expect(whyNotSimulated("annotator", "queue")).toContain("waiting jobs");
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
