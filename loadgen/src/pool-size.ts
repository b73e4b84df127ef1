import { pause } from "@elastic-gas/shared/shutdown";
import { z } from "zod";

/** The pool under load at one instant. */
export interface PoolSize {
  /** Milliseconds after the start of the run. */
  readonly atMs: number;
  readonly desired: number;
  readonly inService: number;
}

const Pool = z.object({ desired: z.number(), counts: z.object({ inService: z.number() }) });
const EVERY_MS = 2_000;
const TIMEOUT_MS = 5_000;

/** Asks the manager for the pool's size every two seconds until the signal; a question that fails is left out. */
export async function watchPoolSize(
  { manager, token, pool }: { readonly manager: string; readonly token: string; readonly pool: string },
  { startedAt, signal }: { readonly startedAt: number; readonly signal: AbortSignal },
  onSize: (size: PoolSize) => void,
): Promise<void> {
  const url = `${manager.replace(/\/$/, "")}/api/v1/pools/${pool}`;
  while (!signal.aborted) {
    try {
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      const size = Pool.parse(await response.json());
      onSize({ atMs: performance.now() - startedAt, desired: size.desired, inService: size.counts.inService });
    } catch {
      // The load goes on without this point; a report without any says that it has none.
    }
    await pause(EVERY_MS, signal);
  }
}
