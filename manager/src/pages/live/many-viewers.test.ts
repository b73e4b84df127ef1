import { mkdir, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ManagerProcess, startManagerProcess } from "@elastic-gas/testing/manager/manager-process";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { TestBrowser } from "@elastic-gas/testing/manager/test-manager";
import { openViewers, quantile, slope, type Viewers } from "@elastic-gas/testing/manager/viewers";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

/** `PROVE=1` asks for the long form. */
const IS_PROOF = process.env.PROVE === "1";
const PROOF_VIEWERS = 200;
const PROOF_MINUTES = Number(process.env.PROVE_MINUTES ?? 10);
const MOST_LATENCY_MS = 250;
/** What a flat heap may seem to grow by, in so short a time. */
const MOST_GROWTH_MB_PER_MINUTE = 0.5;
const SESSIONS = 4;
const SETTLE_MS = 3_000;
const WEB_30M = { pool: "web", range: "30m" } as const;

let staged: StagedCloud;
let manager: ManagerProcess;
let cookies: readonly string[];
let viewers: Viewers | undefined;

beforeAll(async () => {
  staged = await startStagedCloud();
  staged.stage.workers = Array.from({ length: 12 }, (_, index) => ({
    id: `i-0${index.toString(16).padStart(16, "0")}`,
    pool: "web",
    health: "healthy",
    ageSeconds: 3_600,
  }));
  staged.stage.metric = (metric) => (metric === "CPUUtilization" ? 48 : 120);
  manager = await startManagerProcess({ cloud: staged.cloud });
  const signedIn: string[] = [];
  for (let session = 0; session < SESSIONS; session += 1) {
    const browser = new TestBrowser(manager.url);
    await browser.signIn();
    signedIn.push(browser.cookie);
  }
  cookies = signedIn;
}, 300_000);
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
}, 300_000);
afterEach(() => viewers?.close());

async function open(count: number): Promise<Viewers> {
  viewers?.close();
  const opened = openViewers({ url: manager.url, cookies, count, watch: WEB_30M });
  viewers = opened;
  await waitUntil(
    `all ${count} have the fleet and their charts`,
    () => opened.rounds.every((round) => round > 0) && opened.charts.every((charts) => charts !== null),
    { deadlineMs: 120_000 },
  );
  return opened;
}

const totalCalls = (): number => [...staged.stage.calls.values()].reduce((sum, calls) => sum + calls, 0);
const callsOf = (operation: string): number => staged.stage.calls.get(operation) ?? 0;

describe("many open dashboards", () => {
  it("cost AWS as much as one, and every one gets every round", { timeout: 120_000 }, async () => {
    const opened = await open(30);
    const before = { calls: callsOf("DescribeInstances"), rounds: [...opened.rounds] };
    await waitUntil(
      "four more rounds",
      () => opened.rounds.every((round, index) => round >= (before.rounds[index] ?? 0) + 4),
      { deadlineMs: 120_000 },
    );
    const gained = opened.rounds.map((round, index) => round - (before.rounds[index] ?? 0));
    // One that is under way at either end makes a difference of one.
    expect(Math.max(...gained) - Math.min(...gained)).toBeLessThanOrEqual(1);
    expect(callsOf("DescribeInstances") - before.calls).toBeLessThanOrEqual(Math.max(...gained) + 1);
    expect(opened.countDisconnects()).toBe(0);
    expect(opened.takeUpdates().length).toBeGreaterThanOrEqual(30 * 4);
  });

  it.runIf(IS_PROOF)(
    `are quick and flat in memory: ${PROOF_VIEWERS} for ${PROOF_MINUTES} minutes`,
    { timeout: (PROOF_MINUTES + 6) * 60_000 },
    async () => {
      await open(1);
      await sleep(5_000);
      const alone = await callsInOneMinute();
      const opened = await open(PROOF_VIEWERS);
      await sleep(10_000);
      opened.takeUpdates();
      const latencies: number[] = [];
      const ages: number[] = [];
      const minutes: Minute[] = [];
      for (let minute = 1; minute <= PROOF_MINUTES; minute += 1) {
        const calls = await callsInOneMinute();
        const taken = opened.takeUpdates();
        const latency = taken.map((update) => update.latency);
        latencies.push(...latency);
        ages.push(...taken.map(({ age }) => age));
        const memory = await manager.measureMemory();
        // The garbage collection that it asks for holds up the manager: what came meanwhile says nothing about it.
        await sleep(SETTLE_MS);
        opened.takeUpdates();
        minutes.push({ minute, calls, p50: quantile(latency, 0.5), p99: quantile(latency, 0.99), ...memory });
      }
      const result = {
        viewers: PROOF_VIEWERS,
        minutes,
        callsAlone: alone,
        updates: latencies.length,
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        ageP50: quantile(ages, 0.5),
        ageP99: quantile(ages, 0.99),
        load: loadavg()[1] ?? 0,
        heapGrowth: slope(minutes.map(({ minute, heapMb }) => ({ x: minute, y: heapMb }))),
        residentGrowth: slope(minutes.map(({ minute, residentMb }) => ({ x: minute, y: residentMb }))),
        disconnects: opened.countDisconnects(),
      };
      await keepResult(result);
      expect(result.disconnects).toBe(0);
      // A look takes its time, so that there may be a few less in a minute; never more.
      for (const { calls } of minutes) expect(calls).toBeLessThanOrEqual(alone * 1.05 + 2);
      expect(Math.min(...opened.rounds)).toBeGreaterThanOrEqual(0.9 * Math.max(...opened.rounds));
      expect(result.heapGrowth).toBeLessThan(MOST_GROWTH_MB_PER_MINUTE);
      expect(result.p99).toBeLessThan(MOST_LATENCY_MS);
    },
  );
});

interface Minute {
  readonly minute: number;
  readonly calls: number;
  readonly p50: number;
  readonly p99: number;
  readonly residentMb: number;
  readonly heapMb: number;
}

async function callsInOneMinute(): Promise<number> {
  const before = totalCalls();
  await sleep(60_000);
  return totalCalls() - before;
}

interface Result {
  readonly viewers: number;
  readonly minutes: readonly Minute[];
  readonly callsAlone: number;
  readonly updates: number;
  readonly p50: number;
  readonly p99: number;
  readonly ageP50: number;
  readonly ageP99: number;
  /** Programs that wanted to run, on average of 5 minutes; above the number of cores some waited. */
  readonly load: number;
  readonly heapGrowth: number;
  readonly residentGrowth: number;
  readonly disconnects: number;
}

/** Writes `open-dashboards.json` and `.md` into RESULTS_DIR, when that is set, and says the figures. */
async function keepResult(result: Result): Promise<void> {
  const whole = (value: number): string => value.toFixed(0);
  const rows = result.minutes.map(
    ({ minute, calls, p50, p99, heapMb, residentMb }) =>
      `| ${minute} | ${calls} | ${whole(p50)} | ${whole(p99)} | ${heapMb.toFixed(1)} | ${residentMb.toFixed(1)} |`,
  );
  const text = [
    `## ${result.viewers} open dashboards for ${result.minutes.length} minutes`,
    "",
    `A manager as start.sh runs it, 12 workers, ${result.viewers} websockets with signed-in sessions that watch the fleet and the charts of web.`,
    "",
    `- AWS calls a minute: ${result.callsAlone} with one dashboard, ${Math.min(...result.minutes.map(({ calls }) => calls))} to ${Math.max(...result.minutes.map(({ calls }) => calls))} with ${result.viewers}.`,
    `- From the manager's sending to the page's having it: median ${whole(result.p50)} ms, p99 ${whole(result.p99)} ms, of ${result.updates} updates. All pages are read by one process on the same machine, whose work is counted too.`,
    `- From AWS's answers to the page's having it, MySQL's answers included: median ${whole(result.ageP50)} ms, p99 ${whole(result.ageP99)} ms.`,
    `- The machine: ${availableParallelism()} cores, load average ${result.load.toFixed(1)}.`,
    `- Memory of the manager: the heap after a garbage collection changes by ${result.heapGrowth.toFixed(2)} MB a minute, the resident size by ${result.residentGrowth.toFixed(2)} MB a minute.`,
    `- Connections lost: ${result.disconnects}.`,
    "",
    "| minute | AWS calls | sent to had, median, ms | p99, ms | heap, MB | resident, MB |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  console.log(text);
  const folder = process.env.RESULTS_DIR;
  if (folder === undefined || folder === "") return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "open-dashboards.md"), text);
  await writeFile(join(folder, "open-dashboards.json"), `${JSON.stringify(result, null, 2)}\n`);
}
