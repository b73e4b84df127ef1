import { limitRequests, requireScope } from "@elastic-gas/shared/accounts/bearer";
import type { RateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { requireAdmin } from "@elastic-gas/shared/accounts/sessions";
import { methodNotAllowed, notFound } from "@elastic-gas/shared/web/errors";
import { refuseUnknown } from "@elastic-gas/shared/web/refuse-unknown";
import { Router } from "express";
import { apiHandlers } from "./handlers.ts";
import { OPERATIONS } from "./operations.ts";
import type { UserHandlerDeps } from "./user-handlers.ts";

/** JSON for scripts, at /api/v1. */
export function apiRoutes(deps: UserHandlerDeps, limiter: RateLimiter): Router {
  const router = Router();
  router.use(requireAdmin, limitRequests(limiter), requireScope("operate"));
  router.use((_req, res, next) => {
    res.setHeader("Cache-Control", "no-store");
    next();
  });
  const handlers = apiHandlers(deps);
  const methods = new Map<string, string[]>();
  for (const operation of OPERATIONS) {
    const { id, method, path } = operation;
    const route = path.replaceAll(/\{(\w+)\}/g, ":$1");
    router[method](route, refuseUnknown(operation), ...[handlers[id]].flat());
    methods.set(route, [...(methods.get(route) ?? []), method.toUpperCase()]);
  }
  for (const [route, allowed] of methods) router.all(route, methodNotAllowed(...allowed));
  router.use(notFound);
  return router;
}
