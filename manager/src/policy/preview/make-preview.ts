import { join } from "node:path";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { PoolName } from "@elastic-gas/shared/resources";
import type { Stored } from "../differences.ts";
import { type AskDecide, withDecide } from "./decide-child.ts";
import { type LoadName, readLoad } from "./measured-load.ts";
import { type Outcome, outcomeOf, type SimulatedMinute, simulate } from "./simulate.ts";
import { playSizes, type SizeRow } from "./sizes.ts";

export interface Preview {
  readonly pool: PoolName;
  readonly current: number;
  /** Per size, for the CPU rule; null for others. */
  readonly sizes: readonly SizeRow[] | null;
  readonly load: { readonly words: string; readonly from: number | null; readonly minutes: readonly number[] };
  readonly inForce: Played;
  /** null when the form holds what is in force. */
  readonly changed: Played | null;
}

export interface Played extends Outcome {
  /** Workers in service in each minute. */
  readonly sizes: readonly number[];
}

export interface PreviewRequest {
  readonly pool: PoolName;
  readonly inForce: Stored;
  readonly asked: Stored;
  readonly load: LoadName;
  /** The size now. */
  readonly current: number;
  readonly now: number;
}

/** The autoscaler's command; the apps meet in JSON, not in imports. */
export const DECIDE_SCRIPT = join(import.meta.dirname, "../../../../autoscaler/src/decide-command.ts");

/** Rules whose input the simulation has: the others look at real requests or queues. */
export function canPreview({ policy }: Stored): boolean {
  return policy.kind === "cpu" || policy.kind === "adaptive" || policy.kind === "fixed";
}

/** What the form's values would do, beside those in force. */
export async function makePreview(db: Database, request: PreviewRequest, signal: AbortSignal): Promise<Preview> {
  const { pool, inForce, asked, current, now } = request;
  const load = await readLoad(db, pool, request.load, { now, max: asked.limits.max });
  const isSame = JSON.stringify(inForce) === JSON.stringify(asked);
  return withDecide(DECIDE_SCRIPT, signal, async (ask) => {
    const { policy } = asked;
    return {
      pool,
      current,
      sizes: policy.kind === "cpu" ? await playSizes(ask, { ...asked, policy }) : null,
      load,
      inForce: await play(ask, inForce, load.minutes),
      changed: isSame ? null : await play(ask, asked, load.minutes),
    };
  });
}

async function play(ask: AskDecide, stored: Stored, load: readonly number[]): Promise<Played> {
  const steps = await simulate(ask, { stored, start: startSize(stored, load[0] ?? 0), load });
  return { ...outcomeOf(steps, load), sizes: steps.map((step: SimulatedMinute) => step.inService) };
}

/** A size that carries the first minute at about half of its capacity. */
function startSize({ limits }: Stored, load: number): number {
  return Math.min(limits.max, Math.max(limits.min, Math.ceil(load / 0.5)));
}
