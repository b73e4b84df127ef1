import { setTimeout as sleep } from "node:timers/promises";
import { bearer, tokenScope } from "@elastic-gas/shared/accounts/bearer";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { Metrics } from "@elastic-gas/shared/web/health";
import { Router } from "express";
import { sql } from "kysely";
import { countChanges } from "../../read/change-counts.ts";
import type { FeatureDeps } from "../feature-deps.ts";
import { fleetMetrics } from "./fleet-metrics.ts";

const READY_MS = 3_000;

/**
 * `/metrics`, Prometheus text for whoever has a token of the API (scope read is enough); `/readyz`, whether pages can
 * be served.
 */
export function metricsRoutes({ db, watcher, now }: FeatureDeps, { registry }: Metrics): Router {
  const router = Router();
  router.get("/metrics", bearer({ db, audience: "manager", now }), async (_req, res) => {
    if (tokenScope(res) === undefined) {
      res.setHeader("WWW-Authenticate", "Bearer");
      throw new HttpError(401, "Metrics need a token.", {
        remedy: "Make one with the scope read, on the page API tokens.",
      });
    }
    const fleet = fleetMetrics(await watcher.fleet(), await countChanges(db));
    res.setHeader("Cache-Control", "no-store");
    res.type(registry.contentType).send(`${await fleet.metrics()}\n${await registry.metrics()}`);
  });
  router.get("/readyz", async (_req, res) => {
    const answered = await Promise.race([
      sql`select 1`.execute(db).then(
        () => true,
        () => false,
      ),
      sleep(READY_MS, false, { ref: false }),
    ]);
    res.setHeader("Cache-Control", "no-store");
    res
      .status(answered ? 200 : 503)
      .json(answered ? { status: "ready" } : { status: "not ready", why: "The database does not answer." });
  });
  return router;
}
