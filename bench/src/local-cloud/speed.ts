import { type CloudProcess, startCloudProcess } from "./cloud-process.ts";
import { type Comparison, compare, type Plan } from "./compare.ts";
import {
  type EmptyServer,
  type LoadGenerator,
  startEmptyServer,
  startFileServer,
  startLoadGenerator,
} from "./load-generator.ts";
import { prepareScenarios } from "./scenarios.ts";

export interface SpeedOptions {
  readonly plan: Plan;
  /** Only comparisons whose name or title holds this text. */
  readonly only?: string;
  /** Local-cloud writes a CPU profile there when it ends. */
  readonly profileFolder?: string | undefined;
}

/** What a measurement of speed runs on. */
export interface Rig {
  readonly cloud: CloudProcess;
  readonly empty: EmptyServer;
  readonly load: LoadGenerator;
  readonly comparisons: readonly Comparison[];
}

/** Compares local-cloud with its baselines, and does `more` with the same processes. */
export async function measureSpeed<Result>(
  { plan, only = "", profileFolder }: SpeedOptions,
  more: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  const profiling = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  await using cloud = await startCloudProcess(profiling);
  await using empty = await startEmptyServer();
  await using files = await startFileServer();
  await using load = startLoadGenerator();
  const all = await prepareScenarios(cloud, { empty, files });
  const scenarios = all.filter(({ name, what }) => name.includes(only) || what.includes(only));
  const comparisons = await compare(scenarios, { cloudPid: cloud.pid, load, plan });
  return await more({ cloud, empty, load, comparisons });
}
