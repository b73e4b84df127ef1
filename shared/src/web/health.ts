import type { RequestHandler } from "express";
import { Router } from "express";
import { collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { HttpError } from "./errors.ts";

export interface Metrics {
  readonly registry: Registry;
  /** Counts and times requests by method, route and status; mount before the routes. */
  readonly observe: RequestHandler;
}

export function createMetrics(part: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ part });
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time until the answer was complete, in seconds",
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return {
    registry,
    observe: (req, res, next) => {
      const end = seconds.startTimer();
      res.on("finish", () => {
        // The route's pattern, not the path: paths hold ids, and each would be a series of its own.
        const route: unknown = req.route?.path;
        end({ method: req.method, route: typeof route === "string" ? route : "none", status: String(res.statusCode) });
      });
      next();
    },
  };
}

/**
 * `/healthz` is liveness: it asks no other part, so that a failing database never gets workers replaced. `/metrics` is
 * Prometheus text, for programs on this machine only: what came through a balancer names who sent it, and is refused.
 */
export function healthRoutes({ registry }: Metrics): Router {
  const router = Router();
  router.get("/healthz", (_req, res) => {
    res.setHeader("Cache-Control", "no-store");
    res.json({ status: "ok" });
  });
  router.get("/metrics", async (req, res) => {
    if (req.get("x-forwarded-for") !== undefined || !isLoopback(req.socket.remoteAddress)) {
      throw new HttpError(403, "Metrics are for programs on this machine.");
    }
    res.type(registry.contentType).send(await registry.metrics());
  });
  return router;
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}
