import { join } from "node:path";
import type { Policy, PoolLimits } from "@elastic-gas/scaling/policy";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Stored } from "../../model/policy/differences.ts";
import { assume, type Measured } from "./assumptions.ts";
import { type LoadName, readLoad } from "./loads.ts";
import type { AskReplay, Replay } from "./replayer.ts";
import { playSizes, type SizeRow } from "./sizes.ts";

/** What a policy did with the load. */
export interface Played {
  /** Workers in service at the end of each minute. */
  readonly sizes: readonly number[];
  /** Minutes in which the load was above 90 % of the capacity in service; with a queue, at whose end a job waited. */
  readonly overloadMinutes: number;
  /** Minutes to pay for: booting and draining workers count. */
  readonly workerMinutes: number;
  /** Estimated, US cents. */
  readonly costCents: number;
  readonly actions: number;
  readonly mean: number;
  readonly peak: number;
}

export interface Preview {
  readonly pool: PoolName;
  readonly current: number;
  /** Per size, for the CPU rule; null for others. */
  readonly sizes: readonly SizeRow[] | null;
  readonly load: { readonly words: string; readonly from: number | null; readonly minutes: readonly number[] };
  /** What the simulated workers can do, in words. */
  readonly assumptions: string;
  readonly inForce: Played;
  /** null when the form holds what is in force. */
  readonly changed: Played | null;
}

export interface PreviewRequest {
  readonly pool: PoolName;
  readonly inForce: Stored;
  readonly asked: Stored;
  readonly load: LoadName;
  /** The size now. */
  readonly current: number;
  readonly now: number;
  readonly measured: Measured;
  readonly workerPriceCentsPerHour: number;
}

/** The autoscaler's command; the apps meet in JSON, not in imports. */
export const REPLAY_SCRIPT = join(import.meta.dirname, "../../../../autoscaler/src/commands/replay-command.ts");

/** Long enough for the first checks to have their data, and for a start at another size to settle. */
const WARM_UP_MINUTES = 20;
const OVERLOAD_SHARE = 0.9;

/** What the form's values would do, beside those in force. */
export async function makePreview(db: Database, request: PreviewRequest, ask: AskReplay): Promise<Preview> {
  const { pool, inForce, asked, current, workerPriceCentsPerHour } = request;
  const { senses, perWorker, words } = await assume(db, pool, request);
  const load = await readLoad(db, { ...request, name: request.load, max: inForce.limits.max, perWorker });
  const play = ({ policy, limits }: Stored): Promise<Replay> =>
    ask({
      policy,
      limits,
      start: startSize(limits, load.question),
      load: load.question,
      warmUpMinutes: WARM_UP_MINUTES,
      overloadShare: OVERLOAD_SHARE,
      // The rules on CPU look at neither.
      ...(pool === "annotator" || policy.kind === "requests" ? senses : {}),
    });
  const isSame = JSON.stringify(inForce) === JSON.stringify(asked);
  const before = await play(inForce);
  const after = isSame ? null : await play(asked);
  return {
    pool,
    current,
    sizes: isCpu(asked.policy) ? await playSizes(ask, asked.policy, asked.limits) : null,
    load: { words: load.words, from: load.from, minutes: before.load },
    assumptions: words,
    inForce: playedBy(before, workerPriceCentsPerHour),
    changed: after === null ? null : playedBy(after, workerPriceCentsPerHour),
  };
}

export function playedBy({ inService, paid, overload, checks }: Replay, priceCentsPerHour: number): Played {
  const workerMinutes = sum(paid);
  return {
    sizes: inService,
    overloadMinutes: sum(overload),
    workerMinutes,
    costCents: (workerMinutes / 60) * priceCentsPerHour,
    actions: checks.filter((check) => check.kind !== "hold").length,
    mean: inService.length === 0 ? 0 : sum(inService) / inService.length,
    peak: Math.max(0, ...inService),
  };
}

/** A size that carries the first minute at about half of its capacity; a shape begins low. */
function startSize({ min, max }: PoolLimits, load: Parameters<AskReplay>[0]["load"]): number {
  const first = "values" in load ? (load.values[0] ?? 0) : 0;
  return Math.min(max, Math.max(1, min, Math.ceil(first / 0.5)));
}

function isCpu(policy: Policy): policy is Extract<Policy, { kind: "cpu" }> {
  return policy.kind === "cpu";
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
