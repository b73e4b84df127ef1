export interface Turns {
  /** Runs `work`, or shares the run of somebody else with the same key that begins after this call. */
  share<Value>(key: string, work: () => Promise<Value>): Promise<Value>;
}

/**
 * One run at a time per key in this process. Those who come while one is under way share the next: each sees a state
 * that was read after its call, and any number of calls at once cost two runs.
 */
export function createTurns(): Turns {
  const running = new Map<string, Promise<unknown>>();
  const next = new Map<string, Promise<unknown>>();
  const start = async <Value>(key: string, work: () => Promise<Value>): Promise<Value> => {
    const run = work();
    running.set(key, run);
    try {
      return await run;
    } finally {
      if (running.get(key) === run) running.delete(key);
    }
  };
  return {
    share<Value>(key: string, work: () => Promise<Value>): Promise<Value> {
      const current = running.get(key);
      if (current === undefined) return start(key, work);
      // All who use one key do the same work, so they get the same kind of value.
      const waiting = next.get(key) as Promise<Value> | undefined;
      if (waiting !== undefined) return waiting;
      const after = current
        .catch(() => {}) // its own callers hear of its failure
        .then(() => {
          next.delete(key);
          return start(key, work);
        });
      next.set(key, after);
      return after;
    },
  };
}
