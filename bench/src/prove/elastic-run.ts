import type { CpuPolicy } from "@elastic-gas/scaling/policy";
import { quantile, type Request } from "./load.ts";
import { type Recording, sizeAt } from "./recorder.ts";

/** When the parts of a load step began and ended, and how large the load was. Instants are epoch milliseconds. */
export interface Phases {
  readonly startedAt: number;
  /** Between these one worker alone was measured, with the policy paused. */
  readonly calibratedFrom: number;
  readonly calibratedTo: number;
  readonly loadOnAt: number;
  readonly loadOffAt: number;
  readonly endedAt: number;
  /** Photos a second that one worker takes. */
  readonly perSecond: number;
  readonly clients: number;
  readonly cycleMs: number;
  /** What was waited for in vain. */
  readonly problems: readonly string[];
}

export interface Decision {
  readonly at: number;
  readonly kind: "grow" | "shrink" | "hold";
  readonly desiredAfter: number;
  readonly inService: number;
  readonly pending: number;
  readonly warming: number;
  readonly draining: number;
  /** Mean CPU of the two minutes before, percent. */
  readonly measured: number | null;
  readonly reason: string;
}

export interface Activity {
  readonly at: number;
  readonly cause: string;
  readonly actor: string;
  readonly desiredBefore: number;
  readonly desiredAfter: number;
  readonly reason: string;
  readonly result: string | null;
  readonly finishedAt: number | null;
}

/** What was seen of the web pool and by its clients between two instants. */
export interface SeenPool {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly requests: readonly Request[];
  readonly recording: Recording;
  readonly durations: { readonly periodSeconds: number };
}

/** The same under one policy. */
export interface PoolRun extends SeenPool {
  readonly policy: CpuPolicy;
  readonly decisions: readonly Decision[];
  readonly activities: readonly Activity[];
  readonly durations: { readonly periodSeconds: number; readonly settleSeconds: number };
}

export type ElasticRun = Phases & PoolRun;

/**
 * One row of the table: what happened within a metric period. Response times are those of requests sent in it,
 * milliseconds.
 */
export interface Period {
  readonly at: number;
  readonly requests: number;
  readonly failed: number;
  readonly photoP50: number | null;
  readonly photoP99: number | null;
  readonly pageP50: number | null;
  readonly pageP99: number | null;
  readonly cpuPercent: number | null;
  /** At its end. */
  readonly desired: number;
  readonly inService: number;
  readonly pending: number;
  readonly draining: number;
}

/** Changes of the pool's size by the policy, oldest first. */
export function policyChanges({ activities }: Pick<PoolRun, "activities">): readonly Activity[] {
  return activities.filter(({ cause }) => cause === "policy");
}

/** When the last worker that the load asked for was in service. */
export function completeAt({
  recording,
  loadOnAt,
  loadOffAt,
}: Pick<ElasticRun, "recording" | "loadOnAt" | "loadOffAt">): number {
  const during = recording.steps.filter(({ at }) => at >= loadOnAt && at < loadOffAt);
  const last = during.findLast((step, index) => {
    const before = during[index - 1] ?? sizeAt(recording.steps, loadOnAt);
    return step.inService !== before?.inService || step.desired !== before.desired;
  });
  return last?.at ?? loadOnAt;
}

/** The run by metric periods, aligned as CloudWatch aligns them. */
export function byPeriod(run: SeenPool): readonly Period[] {
  const periodMs = run.durations.periodSeconds * 1_000;
  const first = Math.floor(run.startedAt / periodMs) * periodMs;
  const starts = Array.from(
    { length: Math.ceil((run.endedAt - first) / periodMs) },
    (_, index) => first + index * periodMs,
  );
  return starts.map((at) => {
    const within = run.requests.filter(({ sentAt }) => sentAt >= at && sentAt < at + periodMs);
    const photos = within.filter(({ kind }) => kind !== "page").map(({ ms }) => ms);
    const pages = within.filter(({ kind }) => kind === "page").map(({ ms }) => ms);
    const size = sizeAt(run.recording.steps, at + periodMs - 1);
    return {
      at,
      requests: within.length,
      failed: within.filter(({ outcome }) => outcome !== "ok").length,
      photoP50: quantile(photos, 0.5),
      photoP99: quantile(photos, 0.99),
      pageP50: quantile(pages, 0.5),
      pageP99: quantile(pages, 0.99),
      cpuPercent: run.recording.cpu.get(at) ?? null,
      desired: size?.desired ?? 0,
      inService: size?.inService ?? 0,
      pending: size?.pending ?? 0,
      draining: size?.draining ?? 0,
    };
  });
}

/** What the policy measured on windows that lie wholly in the settled time, percent. */
export function settledCpuOf(run: PoolRun & Pick<Phases, "loadOnAt" | "loadOffAt">): readonly number[] {
  // Two periods are measured, and the newest is a period old.
  const from = completeAt(run) + 3 * run.durations.periodSeconds * 1_000;
  return run.decisions
    .filter(({ at }) => at >= from && at < run.loadOffAt)
    .flatMap(({ measured }) => (measured === null ? [] : [measured]));
}

export function failuresOf({ requests }: Pick<SeenPool, "requests">): readonly Request[] {
  return requests.filter(({ outcome }) => outcome !== "ok");
}

/** `1 → 2 → 4` */
export function sizesOf(changes: readonly Pick<Activity, "desiredBefore" | "desiredAfter">[]): string {
  const [first] = changes;
  if (first === undefined) return "no change";
  return [first.desiredBefore, ...changes.map(({ desiredAfter }) => desiredAfter)].join(" → ");
}

/** What the JSON file of a run keeps: its periods stand for its requests and for what the recorder saw each second. */
export function keptOf(run: SeenPool): object {
  return {
    ...run,
    requests: undefined,
    recording: { ...run.recording, cpu: undefined, waiting: undefined },
    periods: byPeriod(run),
  };
}
