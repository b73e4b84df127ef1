const STEP = Math.log(1.02);

/** What was answered to the requests of one listener's target group in one metric period. */
export interface RequestCounts {
  requests: number;
  /** By hundreds: index 2 is 2XX. */
  readonly targetStatuses: number[];
  balancer4xx: number;
  balancer5xx: number;
  /** Response times by bucket, see `secondsOf`. */
  readonly times: Map<number, number>;
}

/** Counts since the last metric period. */
export class RequestCounters {
  #counts = zero();

  /** A response's head arrived from a target `ms` milliseconds after the request was sent. */
  answered(status: number, ms: number): void {
    const { targetStatuses, times } = this.#counts;
    const hundreds = Math.floor(status / 100);
    this.#counts.requests += 1;
    targetStatuses[hundreds] = (targetStatuses[hundreds] ?? 0) + 1;
    // Buckets of 2 %: percentiles within 1 % without keeping every value.
    const bucket = Math.round(Math.log(Math.max(ms, 0.01) / 1000) / STEP);
    times.set(bucket, (times.get(bucket) ?? 0) + 1);
  }

  /** The balancer answered in the target's stead. */
  refused(status: number): void {
    if (status >= 500) this.#counts.balancer5xx += 1;
    else this.#counts.balancer4xx += 1;
  }

  /** The counts so far, which begin again at zero. */
  take(): Readonly<RequestCounts> {
    const taken = this.#counts;
    this.#counts = zero();
    return taken;
  }
}

/** Response times in seconds and how many responses took each. */
export function secondsOf({ times }: Readonly<RequestCounts>): readonly (readonly [seconds: number, count: number])[] {
  return [...times].map(([bucket, count]) => [Math.exp(bucket * STEP), count] as const);
}

function zero(): RequestCounts {
  return { requests: 0, targetStatuses: [0, 0, 0, 0, 0, 0], balancer4xx: 0, balancer5xx: 0, times: new Map() };
}
