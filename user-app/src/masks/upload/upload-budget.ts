import { Overloaded } from "@elastic-gas/shared/web/errors";

const RETRY_SECONDS = 2;

/** How much may be on its way into this worker at once, over all requests. */
export interface UploadBudget {
  /**
   * Takes room for a body and returns how to give it back, once or more often. Throws Overloaded at once when there
   * is none.
   */
  take(bytes: number): () => void;
}

export function createUploadBudget(maxBytes: number): UploadBudget {
  let free = maxBytes;
  return {
    take(bytes) {
      if (bytes > free) {
        throw new Overloaded("Too many uploads are on their way at this moment. Try again in a few seconds.", {
          retryAfterSeconds: RETRY_SECONDS,
        });
      }
      free -= bytes;
      let isTaken = true;
      return () => {
        if (isTaken) free += bytes;
        isTaken = false;
      };
    },
  };
}
