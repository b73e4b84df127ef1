import type { Logger } from "../logger.ts";
import { pause } from "../shutdown.ts";

const PAUSE_MS = 1_000;

/**
 * Waits until everything that a worker needs has answered once, each asked again until it does. False when the signal
 * aborted before. What answered is never asked again: a database that fails later is no reason to replace a worker.
 */
export async function awaitFirstAnswers(
  needs: Readonly<Record<string, () => Promise<unknown>>>,
  {
    log,
    signal,
    pauseMs = PAUSE_MS,
  }: { readonly log: Logger; readonly signal: AbortSignal; readonly pauseMs?: number },
): Promise<boolean> {
  const answered = await Promise.all(
    Object.entries(needs).map(async ([name, ask]) => {
      for (let told = false; !signal.aborted; told = true) {
        try {
          await ask();
          return true;
        } catch (error) {
          if (!told) log.warn({ need: name, err: error }, "not ready: no answer yet, asked again");
        }
        await pause(pauseMs, signal);
      }
      return false;
    }),
  );
  return answered.every((each) => each);
}
