import { POOLS } from "@elastic-gas/scaling/pools";
import type { PoolName } from "@elastic-gas/shared/resources";

const CHART_NAMES = ["workers", "cpu", "requests", "response", "waiting", "sent"] as const;
export type ChartName = (typeof CHART_NAMES)[number];

export function isChartName(text: unknown): text is ChartName {
  return CHART_NAMES.some((name) => name === text);
}

const TITLES: Readonly<Record<ChartName, (pool: PoolName) => string>> = {
  workers: (pool) => `${pool}: workers`,
  cpu: (pool) => `${pool}: mean CPU`,
  requests: () => "Requests per minute",
  response: () => "Mean response time",
  waiting: () => "Waiting jobs",
  sent: () => "Jobs sent",
};

export function chartTitle(name: ChartName, pool: PoolName): string {
  return TITLES[name](pool);
}

/** Which charts a pool has, in their order on the page. */
export function chartsOf(pool: PoolName): readonly ChartName[] {
  const { balanced, queue } = POOLS[pool];
  return [
    "workers",
    "cpu",
    ...(balanced ? (["requests", "response"] as const) : []),
    ...(queue === null ? [] : (["waiting", "sent"] as const)),
  ];
}
