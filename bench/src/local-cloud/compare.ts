import type { EmptyServer, LoadGenerator } from "./load-generator.ts";
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
  readonly name: string;
  readonly cloud: Measure;
  readonly empty: Measure;
  /** Requests a second of local-cloud by those of the empty server. */
  readonly throughputRatio: number;
  /** CPU time of the empty server by that of local-cloud: the ratio that a busy machine disturbs least. */
  readonly cpuRatio: number;
}

export interface Plan {
  readonly rounds: number;
  readonly connections: number;
  readonly milliseconds: number;
}

const WARM_UP_MILLISECONDS = 1_000; // until V8 has compiled what is hot

export async function compare(
  scenarios: readonly Scenario[],
  { cloudPid, empty, load, plan }: { cloudPid: number; empty: EmptyServer; load: LoadGenerator; plan: Plan },
): Promise<readonly Comparison[]> {
  const measure = async ({ name, port }: Pick<Scenario, "name" | "port">, pid: number, milliseconds: number) => {
    const before = cpuMillisecondsOf(pid);
    const { answered, ...run } = await load.run(name, port, plan.connections, milliseconds);
    return {
      perSecond: (answered * 1000) / run.milliseconds,
      cpuMicroseconds: ((cpuMillisecondsOf(pid) - before) * 1000) / answered,
      generatorShare: run.cpuMilliseconds / run.milliseconds,
    };
  };
  const rounds = new Map(scenarios.map(({ name }) => [name, [] as { cloud: Measure; empty: Measure }[]]));
  for (const { name, requests } of scenarios) load.learn(name, requests);
  for (let round = -1; round < plan.rounds; round += 1) {
    const milliseconds = round < 0 ? WARM_UP_MILLISECONDS : plan.milliseconds;
    for (const scenario of scenarios) {
      const emptySide = await measure({ name: scenario.name, port: empty.port }, empty.pid, milliseconds);
      const cloudSide = await measure(scenario, cloudPid, milliseconds);
      if (round >= 0) rounds.get(scenario.name)?.push({ cloud: cloudSide, empty: emptySide });
    }
  }
  return [...rounds].map(([name, sides]) => ({
    name,
    cloud: medians(sides.map(({ cloud }) => cloud)),
    empty: medians(sides.map((side) => side.empty)),
    throughputRatio: median(sides.map(({ cloud, ...side }) => cloud.perSecond / side.empty.perSecond)),
    cpuRatio: median(sides.map(({ cloud, ...side }) => side.empty.cpuMicroseconds / cloud.cpuMicroseconds)),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

function medians(measures: readonly Measure[]): Measure {
  return {
    perSecond: median(measures.map(({ perSecond }) => perSecond)),
    cpuMicroseconds: median(measures.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    generatorShare: median(measures.map(({ generatorShare }) => generatorShare)),
  };
}
