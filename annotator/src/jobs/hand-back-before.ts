import type { Interruption } from "@elastic-gas/shared/aws/interruption";
import type { Logger } from "@elastic-gas/shared/logger";

export interface HandBack {
  /** Aborts when it is time to stop, as a SIGTERM does. */
  readonly signal: AbortSignal;
  readonly onChange: (interruption: Interruption | null) => void;
  /** Nothing aborts any more. */
  readonly cancel: () => void;
}

/** Ends a worker in order so long before EC2 takes its instance back; a notice that is withdrawn ends nothing. */
export function handBackBefore({
  log,
  leadMs,
  now = Date.now,
}: {
  readonly log: Logger;
  readonly leadMs: number;
  readonly now?: () => number;
}): HandBack {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    onChange: (interruption) => {
      clearTimeout(timer);
      // A machine that is retired is stopped in days: until then another worker came, and the job has ended.
      if (interruption?.what !== "spot" || interruption.at === null) return;
      const end = () => {
        log.info({ at: interruption.at }, "the job in hand goes to another worker: EC2 takes this instance back");
        controller.abort("interruption");
      };
      timer = setTimeout(end, Math.max(0, interruption.at - leadMs - now()));
    },
    cancel: () => clearTimeout(timer),
  };
}
