import type { RequestListener } from "node:http";

const RETRY_AFTER_SECONDS = 2;

/**
 * Before the gate opens every request is answered 503, `/healthz` too: the balancer sends nothing to a worker that has
 * no model, no credentials and no database yet. It opens once; after that `/healthz` is liveness alone, for a database
 * that fails is no reason to replace workers.
 */
export function gateUntilReady(app: RequestListener): {
  readonly listener: RequestListener;
  readonly open: () => void;
} {
  let isOpen = false;
  return {
    listener: (req, res) => {
      if (isOpen) return app(req, res);
      res.writeHead(503, {
        "Content-Type": "text/plain",
        "Retry-After": RETRY_AFTER_SECONDS,
        "Cache-Control": "no-store",
      });
      res.end("Starting.\n");
    },
    open: () => {
      isOpen = true;
    },
  };
}
