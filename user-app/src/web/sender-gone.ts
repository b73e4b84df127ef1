import type { ServerResponse } from "node:http";

/** The sender went away before the body was complete; there is nobody to answer. */
export class SenderGone extends Error {
  override name = "SenderGone";
}

/** Aborts when the connection closes before the answer was sent. */
export function abortWhenSenderLeaves(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) controller.abort(new SenderGone("The sender left before the answer."));
  });
  return controller.signal;
}
