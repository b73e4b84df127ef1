import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import { type JobClaim, renewClaim } from "@elastic-gas/shared/reliability/leased-claim";
import { endOfLog } from "@elastic-gas/shared/reliability/running-log";
import { pause } from "@elastic-gas/shared/shutdown";
import type { Progress } from "./run-command.ts";

export interface KeepClaimOptions {
  readonly db: Database;
  readonly log: Logger;
  readonly leaseSeconds: number;
  /** A worker that is told to stop gives a running job this long to end. */
  readonly finishSeconds: number;
}

export interface Lease extends AsyncDisposable {
  /** Aborts when the job was taken over or deleted, or when a stopping worker's time for it is over. */
  readonly lost: AbortSignal;
  progress(progress: Progress): void;
  /** True while the job is this attempt's. */
  isHeld(): Promise<boolean>;
}

/** The attempt does not have its job any more: the owner cancelled or deleted it, or another worker took it over. */
export class ClaimLost extends Error {
  override name = "ClaimLost";
}

/** Progress moves, and a job that was cancelled ends, within this. */
const LONGEST_PAUSE_MS = 2_000;

/** Renews the lease at a third of it and at least every 2 s, with the progress made and the log so far. */
export function keepClaim(
  { db, leaseSeconds, log, finishSeconds }: KeepClaimOptions,
  claim: JobClaim,
  stop: AbortSignal,
): Lease {
  const lost = new AbortController();
  const over = new AbortController();
  let progressPercent = 0;
  let [soFar, written] = ["", ""];
  const renew = async (): Promise<boolean> => {
    const said = soFar;
    const changed = said === written ? undefined : endOfLog(said);
    const held = await renewClaim(db, claim, { leaseSeconds, progressPercent, log: changed });
    written = said;
    if (!held) lost.abort(new ClaimLost(`Job ${claim.jobId} is no longer attempt ${claim.attempt}'s`));
    return held;
  };
  const loop = (async () => {
    while (!over.signal.aborted && !lost.signal.aborted) {
      await pause(Math.min(LONGEST_PAUSE_MS, (leaseSeconds * 1_000) / 3), over.signal);
      if (over.signal.aborted) return;
      await renew().catch((error: unknown) =>
        log.warn({ jobId: claim.jobId, err: error }, "lease not renewed, tried again"),
      );
    }
  })();
  const giveUp = async () => {
    await pause(finishSeconds * 1_000, over.signal);
    lost.abort(new Error("The worker stops"));
  };
  const onStop = () => void giveUp();
  if (stop.aborted) onStop();
  else stop.addEventListener("abort", onStop, { once: true });
  return {
    lost: lost.signal,
    progress({ percent, log: said }) {
      if (percent !== undefined) progressPercent = Math.max(0, Math.min(100, Math.floor(percent)));
      soFar = said;
    },
    isHeld: renew,
    async [Symbol.asyncDispose]() {
      stop.removeEventListener("abort", onStop);
      over.abort();
      await loop;
    },
  };
}
