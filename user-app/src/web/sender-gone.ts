import type { IncomingMessage, ServerResponse } from "node:http";

/** The sender went away before the body was complete; there is nobody to answer. */
export class SenderGone extends Error {
  override name = "SenderGone";
}

/** Aborts when the connection closes before the answer was sent, or has closed already. */
export function abortWhenSenderLeaves(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => {
    if (!res.writableFinished) controller.abort(new SenderGone("The sender left before the answer."));
  };
  if (res.destroyed) leave();
  else res.once("close", leave);
  return controller.signal;
}

/**
 * Throws SenderGone when the sender left while something else was awaited. No event of its request comes any more:
 * whoever waits for one waits for ever.
 */
export function refuseGone(req: IncomingMessage): void {
  if (req.destroyed) throw bodyIncomplete();
}

/** Calls `leave` when the connection closes before the body was read to its end. */
export function onceSenderLeaves(req: IncomingMessage, leave: (error: SenderGone) => void): void {
  req.once("close", () => {
    if (!req.readableEnded) leave(bodyIncomplete());
  });
}

function bodyIncomplete(): SenderGone {
  return new SenderGone("The sender left before the body was complete.");
}
