import type { RequestHandler } from "express";

/**
 * What a worker needs before it may take traffic; each resolves once it has answered, and throws or hangs until then.
 */
export type ReadinessChecks = Readonly<Record<string, () => Promise<unknown>>>;

const CHECK_LIMIT_MS = 1_000;

/**
 * `/readyz`: 200 once each part has answered once, 503 with the names of the others before. What answered once is not
 * asked again: a database that fails later must not take every worker out of service at once.
 */
export function readyRoute(checks: ReadinessChecks): RequestHandler {
  const missing = new Map(Object.entries(checks));
  const running = new Map<string, Promise<void>>();
  return async (_req, res) => {
    for (const [name, check] of missing) {
      if (running.has(name)) continue;
      const run = check().then(
        () => void missing.delete(name),
        () => {}, // it is asked again by the next request
      );
      running.set(
        name,
        run.finally(() => running.delete(name)),
      );
    }
    await Promise.race([Promise.all(running.values()), limit()]);
    res.setHeader("Cache-Control", "no-store");
    if (missing.size === 0) res.json({ status: "ready" });
    else res.status(503).json({ status: "not ready", missing: [...missing.keys()] });
  };
}

function limit(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, CHECK_LIMIT_MS).unref());
}
