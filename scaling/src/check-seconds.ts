import type { PolicyKind } from "./policy.ts";

interface Ticks {
  readonly TICK_SECONDS: number;
  readonly FAST_TICK_SECONDS: number;
}

/** Rules whose data come within seconds: the workers' own points, or the queue itself. */
const FAST_KINDS: ReadonlySet<PolicyKind> = new Set(["adaptive", "requests", "queue"]);

/** From one check of a pool under such a policy to the next. */
export function checkSecondsOf(kind: PolicyKind, { TICK_SECONDS: tick, FAST_TICK_SECONDS: fast }: Ticks): number {
  return FAST_KINDS.has(kind) ? Math.min(tick, fast) : tick;
}
