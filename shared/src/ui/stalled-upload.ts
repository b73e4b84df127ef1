/** The balancer and S3 wait as long for the next bytes, and then cut. */
const SENDING_MS = 60_000;
/** The last bytes may lie in the system's buffers for a while, and a photo is looked at before its answer. */
const ANSWER_MS = 120_000;

/** An upload that was given up, for nothing of it moved any more. The message is a sentence for the reader. */
export class UploadStalled extends Error {
  override name = "UploadStalled";
}

/**
 * Aborts an upload of which nothing moves any more: a connection that was lost without a word ends by itself only after
 * many minutes. Call it before `send`. The function that it returns tells, once the request was aborted, why: undefined
 * when the reader did it.
 */
export function abortWhenStalled(request: XMLHttpRequest): () => UploadStalled | undefined {
  let stalled: UploadStalled | undefined;
  let timer: number | undefined;
  const wait = (milliseconds: number, sentence: string): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      stalled = new UploadStalled(sentence);
      request.abort();
    }, milliseconds);
  };
  const awaitBytes = () => wait(SENDING_MS, `Nothing could be sent for ${SENDING_MS / 1_000}\u00a0s.`);
  request.addEventListener("loadstart", awaitBytes);
  request.upload.addEventListener("progress", awaitBytes);
  request.upload.addEventListener("load", () =>
    wait(ANSWER_MS, `All was sent, but there was no answer for ${ANSWER_MS / 60_000}\u00a0min.`),
  );
  request.addEventListener("loadend", () => window.clearTimeout(timer));
  return () => stalled;
}
