import type { Logger } from "../logger.ts";

export interface Background {
  /** Starts work that no answer waits for. A failure is logged. */
  readonly start: (what: string, work: () => Promise<void>) => void;
  readonly settled: () => Promise<void>;
}

export function createBackground(log: Logger): Background {
  const running = new Set<Promise<void>>();
  return {
    start(what, work) {
      const run = work()
        .catch((error: unknown) => log.error({ err: error, what }, "background work failed"))
        .finally(() => running.delete(run));
      running.add(run);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
