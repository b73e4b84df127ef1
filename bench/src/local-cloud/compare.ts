import { median } from "../figures/median.ts";
import type { LoadGenerator } from "./load-generator.ts";
import { cpuMillisecondsOf } from "./process-usage.ts";
import type { Scenario } from "./scenarios.ts";

/** One side of one round. */
export interface Measure {
  readonly perSecond: number;
  /** CPU time of the server, all threads, for one request. */
  readonly cpuMicroseconds: number;
  /** Share of one core that the generator used: near 1 it is what limits. */
  readonly generatorShare: number;
}

/** Medians over the rounds; ratios are taken in each round, between neighbours in time. */
export interface Comparison {
  readonly scenario: Scenario;
  readonly cloud: Measure;
  readonly baseline: Measure;
  /** Requests a second of local-cloud by those of the baseline. */
  readonly throughputRatio: number;
  /** CPU time of the baseline by that of local-cloud: the ratio that a busy machine disturbs least. */
  readonly cpuRatio: number;
}

export interface Plan {
  readonly rounds: number;
  readonly connections: number;
  readonly milliseconds: number;
}

const WARM_UP_MILLISECONDS = 1_500; // until V8 has compiled what is hot

export async function compare(
  scenarios: readonly Scenario[],
  { cloudPid, load, plan }: { cloudPid: number; load: LoadGenerator; plan: Plan },
): Promise<readonly Comparison[]> {
  const measure = async ({ name }: Scenario, { pid, port }: { pid: number; port: number }, milliseconds: number) => {
    const before = cpuMillisecondsOf(pid);
    const { answered, ...run } = await load.run(name, port, { connections: plan.connections, milliseconds });
    return {
      perSecond: (answered * 1000) / run.milliseconds,
      cpuMicroseconds: ((cpuMillisecondsOf(pid) - before) * 1000) / answered,
      generatorShare: run.cpuMilliseconds / run.milliseconds,
    };
  };
  const rounds = new Map(scenarios.map((scenario) => [scenario, [] as { cloud: Measure; baseline: Measure }[]]));
  for (const { name, requests } of scenarios) load.learn(name, requests);
  for (let round = -1; round < plan.rounds; round += 1) {
    const milliseconds = round < 0 ? Math.min(WARM_UP_MILLISECONDS, plan.milliseconds) : plan.milliseconds;
    for (const [scenario, sides] of rounds) {
      const baseline = await measure(scenario, scenario.baseline.server, milliseconds);
      const cloud = await measure(scenario, { pid: cloudPid, port: scenario.port }, milliseconds);
      if (round >= 0) sides.push({ cloud, baseline });
    }
  }
  return [...rounds].map(([scenario, sides]) => ({
    scenario,
    cloud: medians(sides.map(({ cloud }) => cloud)),
    baseline: medians(sides.map(({ baseline }) => baseline)),
    throughputRatio: median(sides.map(({ cloud, baseline }) => cloud.perSecond / baseline.perSecond)),
    cpuRatio: median(sides.map(({ cloud, baseline }) => baseline.cpuMicroseconds / cloud.cpuMicroseconds)),
  }));
}

function medians(measures: readonly Measure[]): Measure {
  return {
    perSecond: median(measures.map(({ perSecond }) => perSecond)),
    cpuMicroseconds: median(measures.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    generatorShare: median(measures.map(({ generatorShare }) => generatorShare)),
  };
}
