import { setup } from "@elastic-gas/testing/system/mariadb";
import type { Figure, Measured, Measurement } from "../figures/measurement.ts";
import { measureTicks, type TickCost } from "./measure-ticks.ts";

export const SIZES = [10, 100, 1_000, 10_000];
const QUICK_SIZES = [10, 100];
export const TICKS = 7;
const MB = 1_000_000;

/** What a tick costs the autoscaler's process on web pools of growing size. */
export const tick: Measurement = {
  name: "tick",
  about: "a whole tick of the autoscaler on pools of up to 10,000 workers",
  minutes: 4,
  async measure({ quick, say }) {
    const costs = await measureWithDatabase(quick ? QUICK_SIZES : SIZES, quick ? 1 : TICKS);
    for (const { workers, cpuMilliseconds, milliseconds } of costs)
      say(`${workers} workers: ${Math.round(cpuMilliseconds)} ms of CPU in ${Math.round(milliseconds)} ms`);
    return measuredOf(costs);
  },
};

/** Starts MariaDB unless a test run has. */
export async function measureWithDatabase(sizes: readonly number[], ticks: number): Promise<readonly TickCost[]> {
  if (process.env.TEST_DATABASE_SERVER !== undefined) return measureTicks(sizes, { ticks });
  const stopDatabase = await setup();
  try {
    return await measureTicks(sizes, { ticks });
  } finally {
    await stopDatabase();
    delete process.env.TEST_DATABASE_SERVER;
  }
}

function measuredOf(costs: readonly TickCost[]): Measured {
  const [largest, tenth] = [costs.at(-1), costs.at(-2)];
  if (!largest || !tenth) throw new Error("A tick's growth needs two sizes.");
  const of = `of ${largest.workers.toLocaleString("en")} workers`;
  const figures: readonly Figure[] = [
    {
      name: "tick-cpu-growth",
      what: `Tick ${of}, CPU time`,
      value: largest.cpuMilliseconds / tenth.cpuMilliseconds,
      unit: "ratio",
      baseline: `to that of ${tenth.workers.toLocaleString("en")}`,
      better: "lower",
    },
    {
      name: "tick-cpu-by-sdk",
      what: `Tick ${of}, CPU time`,
      value: largest.cpuMilliseconds / largest.sdkCpuMilliseconds,
      unit: "ratio",
      baseline: "to reading the same answers by the AWS SDK alone",
      better: "lower",
    },
    {
      name: "tick-cpu",
      what: `Tick ${of}, CPU time of the autoscaler`,
      value: largest.cpuMilliseconds / 1_000,
      unit: "s",
      baseline: "median of the ticks",
      better: "lower",
      asked: 0.5,
      isComparable: false,
    },
    {
      name: "tick-time",
      what: `Tick ${of}, from begin to end`,
      value: largest.milliseconds / 1_000,
      unit: "s",
      baseline: "median of the ticks; the staged cloud's and MariaDB's time included",
      better: "lower",
      asked: 0.5,
      isComparable: false,
    },
    {
      name: "tick-memory",
      what: `Memory of the autoscaler with ${largest.workers.toLocaleString("en")} workers`,
      value: largest.peakBytes / MB,
      unit: "MB",
      baseline: "largest resident size",
      better: "lower",
      asked: 200,
    },
  ];
  return { figures, growth: [growthOf(costs)] };
}

function growthOf(costs: readonly TickCost[]) {
  const [first] = costs;
  const line = (label: string, read: (cost: TickCost) => number) => ({
    label,
    points: costs.map((cost) => [cost.workers, read(cost) / (first ? read(first) : 1)] as const),
  });
  return {
    name: "tick-by-workers",
    title: "Cost of a tick by the workers of its pool",
    x: "workers",
    y: `times that of ${first?.workers} workers`,
    lines: [
      line("CPU time of the tick", ({ cpuMilliseconds }) => cpuMilliseconds),
      line("CPU time of the AWS SDK alone", ({ sdkCpuMilliseconds }) => sdkCpuMilliseconds),
    ],
  };
}
