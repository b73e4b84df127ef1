import type { PolicyKind } from "@elastic-gas/scaling/policy";
import { z } from "zod";
import { duration, figure, grouped, percent } from "../words.ts";

const number = z.number();

/**
 * What the rules remember between two checks (`pools.policy_state`), as far as the pages show it. Read part by part: what another version wrote otherwise is
 * not shown.
 */
const Memory = z.object({
  change: z.object({ at: number, from: number, to: number }).nullable().catch(null),
  /** Requests per metric period that load one worker to 100 %. */
  requestsPerCpu: z.array(number).catch([]),
  low: z.object({ checks: number }).catch({ checks: 0 }),
  shrunkAt: number.nullable().catch(null),
  backOff: z.object({ level: number, at: number }).nullable().catch(null),
  adaptive: z
    .object({
      points: z.array(z.unknown()),
      bootSeconds: number.nullable().catch(null),
      margin: number,
      shrunk: z.object({ at: number, level: number }).nullable().catch(null),
      regretLoad: number.nullable().catch(null),
    })
    .optional()
    .catch(undefined),
});
export type Memory = z.infer<typeof Memory>;

/** null when nothing is stored yet. */
export function readMemory(state: unknown): Memory | null {
  const parsed = Memory.safeParse(state);
  return parsed.success ? parsed.data : null;
}

/** Requests a minute that load one worker to 100 %; null before a few periods taught it. */
export function requestsPerWorker(memory: Memory | null, periodSeconds: number): number | null {
  const ratios = memory?.requestsPerCpu ?? [];
  // The rules, too, take the median of at least 3.
  return ratios.length < 3 ? null : (median(ratios) * 60) / periodSeconds;
}

/** One thing that the rule remembers, in words; `at` puts an instant behind it. */
export interface Remembered {
  readonly name: string;
  readonly value: string;
  readonly help: string;
  readonly at?: number;
}

export interface MemoryContext {
  readonly kind: PolicyKind;
  readonly now: number;
  readonly periodSeconds: number;
}

const BASE_CHECKS = 2;
const MOST_CHECKS = 30; // the longest that the back-off gets

/** Checks in a row that a shrink needs at a level of back-off. */
export function checksNeeded(level: number): number {
  return Math.min(MOST_CHECKS, BASE_CHECKS * 2 ** level);
}

/** Only what the rule in force looks at; nothing for a fixed size. */
export function rememberedBy(
  memory: Memory | null,
  { kind, now, periodSeconds }: MemoryContext,
): readonly Remembered[] {
  if (memory === null || kind === "fixed") return [];
  return [
    ...changeOf(memory),
    ...(kind === "cpu" ? cpuMemory(memory, periodSeconds) : []),
    ...(kind === "adaptive" ? adaptiveMemory(memory, { now, periodSeconds }) : []),
  ];
}

function changeOf({ change }: Memory): readonly Remembered[] {
  if (change === null) return [];
  const help = "Measurements from before it prove nothing.";
  return [{ name: "Last change", value: `${change.from} → ${change.to}`, help, at: change.at }];
}

function cpuMemory(memory: Memory, periodSeconds: number): readonly Remembered[] {
  const perWorker = requestsPerWorker(memory, periodSeconds);
  const level = memory.backOff?.level ?? 0;
  return [
    {
      name: "Requests per CPU",
      value: perWorker === null ? "not learned yet" : `${grouped(perWorker)} a minute fill one worker`,
      help: "Learned between 20 % and 90 % CPU; tells the load when the workers are full.",
    },
    {
      name: "Low checks",
      value: `${memory.low.checks} in a row`,
      help: `A shrink needs ${checksNeeded(level)}.`,
    },
    {
      name: "Back-off",
      value: level === 0 ? "none" : `level ${level}: ${checksNeeded(level)} checks`,
      help:
        level === 0
          ? "No grow followed a shrink within 30 min lately."
          : "A grow followed a shrink within 30 min; halved after 2 quiet hours.",
      ...(memory.backOff === null ? {} : { at: memory.backOff.at }),
    },
  ];
}

function adaptiveMemory(
  { adaptive }: Memory,
  { now, periodSeconds }: { readonly now: number; readonly periodSeconds: number },
): readonly Remembered[] {
  if (adaptive === undefined) {
    return [{ name: "Learned", value: "nothing yet", help: "It learns from the next check on." }];
  }
  const { points, bootSeconds, margin, shrunk, regretLoad } = adaptive;
  return [
    {
      name: "Learned from",
      value: `${duration(points.length * periodSeconds * 1000)} of load`,
      help: "How much the load rises within a boot time; the last 6 h count.",
    },
    {
      name: "Boot time",
      value: bootSeconds === null ? "not measured yet" : duration(bootSeconds * 1000),
      help: "From launch to in service, as measured on the latest workers.",
    },
    {
      name: "Margin",
      value: percent(margin * 100),
      help:
        regretLoad === null
          ? "What a smaller pool must leave free; doubles when a shrink is regretted."
          : `Doubled after a regretted shrink at load ${figure(regretLoad)}, until the load is another.`,
    },
    ...(shrunk === null
      ? []
      : [
          {
            name: "Last shrink",
            value: `${duration(now - shrunk.at)} ago, at load ${figure(shrunk.level)}`,
            help: "A grow within an hour, or at this load, would be a regret.",
          },
        ]),
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
