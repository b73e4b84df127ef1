interface Line {
  /** Grows with every wake, so that a wake between a look and the wait that follows it is not lost. */
  version: number;
  readonly wakes: Set<() => void>;
  dueAt: number;
  timer: NodeJS.Timeout | undefined;
}

/** Long polls that wait for a message, first come first served. */
export class Waiters {
  readonly #lines = new Map<number, Line>();

  /** To be taken together with the look at the queue, and given to `wait`. */
  version(queueId: number): number {
    return this.#line(queueId).version;
  }

  /**
   * Resolves when woken since `version` was taken, after `maxMs`, or when the signal aborts: the caller looks again in
   * each case.
   */
  wait(queueId: number, version: number, maxMs: number, signal: AbortSignal): Promise<void> {
    const line = this.#line(queueId);
    if (signal.aborted || line.version !== version) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        line.wakes.delete(done);
        if (line.wakes.size === 0) disarm(line);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, maxMs));
      signal.addEventListener("abort", done, { once: true });
      line.wakes.add(done);
    });
  }

  /** Wakes up to `count` waiters of a queue. */
  wake(queueId: number, count = Number.POSITIVE_INFINITY): void {
    const line = this.#line(queueId);
    line.version += 1;
    let left = count;
    for (const wake of line.wakes) {
      if (left-- <= 0) return;
      wake();
    }
  }

  /**
   * Wakes all waiters of a queue in `delayMs`, when a message becomes visible by itself. The earliest such moment
   * counts.
   */
  wakeIn(queueId: number, delayMs: number): void {
    const line = this.#line(queueId);
    const dueAt = performance.now() + delayMs;
    if (line.wakes.size === 0 || dueAt >= line.dueAt) return;
    disarm(line);
    line.dueAt = dueAt;
    line.timer = setTimeout(() => {
      disarm(line);
      this.wake(queueId);
    }, delayMs);
  }

  close(): void {
    for (const queueId of this.#lines.keys()) this.wake(queueId);
  }

  #line(queueId: number): Line {
    const known = this.#lines.get(queueId);
    if (known) return known;
    const created: Line = { version: 0, wakes: new Set(), dueAt: Number.POSITIVE_INFINITY, timer: undefined };
    this.#lines.set(queueId, created);
    return created;
  }
}

function disarm(line: Line): void {
  clearTimeout(line.timer);
  line.timer = undefined;
  line.dueAt = Number.POSITIVE_INFINITY;
}
