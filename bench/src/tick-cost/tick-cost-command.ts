import { keepResults, markdownTable, type ResultRow } from "@elastic-gas/testing/autoscaler/proof";
import { growthExponent } from "./growth.ts";
import type { TickCost } from "./measure-ticks.ts";
import { measureWithDatabase, SIZES, TICKS } from "./measurement.ts";

const MIB = 1_048_576;

const costs = await measureWithDatabase(SIZES, TICKS);
const rows = costs.map((cost) => toRow(cost, costs[0] ?? cost));
const exponent = (read: (cost: TickCost) => number, among: readonly TickCost[]): string =>
  growthExponent(among.map((cost) => [cost.workers, read(cost)])).toFixed(2);
const large = costs.slice(-2);
process.stdout.write(
  `${markdownTable(rows)}
Growth law, time ~ workers^k: k = ${exponent((cost) => cost.milliseconds, costs)} over all sizes, ${exponent((cost) => cost.milliseconds, large)} between the last two.
CPU: k = ${exponent((cost) => cost.cpuMilliseconds, costs)} over all sizes, ${exponent((cost) => cost.cpuMilliseconds, large)} between the last two.
`,
);
await keepResults("autoscaler-tick-cost", "Cost of one tick of the autoscaler", rows);

function toRow(cost: TickCost, first: TickCost): ResultRow {
  const { calls } = cost;
  const count = (operation: string): number => calls[operation] ?? 0;
  const named = ["DescribeInstances", "DescribeTargetHealth", "GetMetricData"];
  const rest = Object.entries(calls).reduce(
    (sum, [operation, each]) => sum + (named.includes(operation) ? 0 : each),
    0,
  );
  return {
    workers: cost.workers,
    ...Object.fromEntries(named.map((operation) => [operation, count(operation)])),
    "other calls": Math.round(rest * 10) / 10,
    ms: Math.round(cost.milliseconds),
    "× 10 workers": Math.round((cost.milliseconds / first.milliseconds) * 10) / 10,
    "CPU ms": Math.round(cost.cpuMilliseconds),
    "CPU × 10 workers": Math.round((cost.cpuMilliseconds / first.cpuMilliseconds) * 10) / 10,
    "SDK alone, CPU ms": Math.round(cost.sdkCpuMilliseconds),
    "peak RSS, MiB": Math.round(cost.peakBytes / MIB),
  };
}
