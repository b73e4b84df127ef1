/** What happened in one queue since the last metric period. */
export interface Traffic {
  sent: number;
  received: number;
  deleted: number;
  emptyReceives: number;
}

const QUIET: Traffic = { sent: 0, received: 0, deleted: 0, emptyReceives: 0 };

/** Counts requests per queue for CloudWatch. */
export class TrafficCounters {
  #byQueue = new Map<number, Traffic>();

  add(queueId: number, kind: keyof Traffic, count = 1): void {
    const traffic = this.#byQueue.get(queueId) ?? { ...QUIET };
    traffic[kind] += count;
    this.#byQueue.set(queueId, traffic);
  }

  /** The counts so far, which begin again at zero. */
  take(): (queueId: number) => Readonly<Traffic> {
    const taken = this.#byQueue;
    this.#byQueue = new Map();
    return (queueId) => taken.get(queueId) ?? QUIET;
  }
}
