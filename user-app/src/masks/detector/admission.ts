/** What a worker knows of its detector's load. */
export interface DetectorLoad {
  /** Pictures that wait or are being checked. */
  readonly queued: number;
  /** Moving mean of the time that one picture takes, in seconds of the clock. */
  readonly serviceSeconds: number;
  /** Detector threads. */
  readonly threads: number;
  /** Bytes of the pictures that wait or are being checked. */
  readonly queuedBytes: number;
}

export type Admission =
  | { readonly kind: "admitted" }
  | { readonly kind: "refused"; readonly retryAfterSeconds: number; readonly reason: string };

/** The course's generator and browsers give up after about 30 s; a promise that will be broken is not made. */
const MAX_WAIT_SECONDS = 20;
/** Pictures are held in memory while they wait. */
export const MAX_QUEUED_BYTES = 128 * 1024 * 1024;
/** Least weight of the newest measurement in the moving mean. */
const NEWEST_WEIGHT = 0.2;

export function estimateWaitSeconds({ queued, serviceSeconds, threads }: DetectorLoad): number {
  return (queued * serviceSeconds) / threads;
}

/**
 * Decides about one more picture of `sizeBytes` (0 when not known yet). One that has a place already is not sent away
 * for a wait that has grown since: only its bytes are looked at.
 */
export function admit(load: DetectorLoad, sizeBytes: number, hasPlace = false): Admission {
  const wait = estimateWaitSeconds(load);
  if (!hasPlace && wait > MAX_WAIT_SECONDS) {
    // When half of the queue is done there is room for everybody who was told to come back.
    return refused(wait / 2, `the wait would be about ${Math.round(wait)} s, the limit is ${MAX_WAIT_SECONDS} s`);
  }
  if (load.queued > 0 && load.queuedBytes + sizeBytes > MAX_QUEUED_BYTES) {
    return refused(Math.max(wait, 1), `${Math.round(load.queuedBytes / 1048576)} MB of photos are waiting`);
  }
  return { kind: "admitted" };
}

/** The moving mean with one more measurement, of which `count` came before: the first replaces the guess. */
export function nextServiceSeconds(serviceSeconds: number, measuredSeconds: number, count: number): number {
  const weight = Math.max(NEWEST_WEIGHT, 1 / (count + 1));
  return serviceSeconds + weight * (measuredSeconds - serviceSeconds);
}

function refused(seconds: number, reason: string): Admission {
  return { kind: "refused", retryAfterSeconds: Math.max(1, Math.ceil(seconds)), reason };
}
