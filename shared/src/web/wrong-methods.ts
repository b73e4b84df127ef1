import type { IRoute, RequestHandler, Router } from "express";
import { methodNotAllowed } from "./errors.ts";

/**
 * Answers 405 with Allow to a method that a known address does not take, whoever sends it. Mount it with the routers
 * that come after sign-in and CSRF checks, and before those checks: they would answer something else to a request that
 * cannot be right at all.
 */
export function refuseWrongMethods(routers: readonly Router[]): RequestHandler {
  const routes = routers.flatMap(listRoutes);
  return (req, res, next) => {
    const allowed = new Set(routes.filter(({ matches }) => matches(req.path)).flatMap(({ methods }) => methods));
    const method = req.method === "HEAD" ? "GET" : req.method;
    if (allowed.size === 0 || allowed.has(method)) next();
    else methodNotAllowed(...[...allowed].toSorted())(req, res, next);
  };
}

interface KnownRoute {
  readonly matches: (path: string) => boolean;
  readonly methods: readonly string[];
}

/** What Express's router keeps of a route or of a router inside it; its types leave `match` out. */
interface Layer {
  readonly route?: IRoute | undefined;
  readonly handle: unknown;
  match(path: string): boolean;
}

function listRoutes(router: Router): readonly KnownRoute[] {
  return (router.stack as unknown as readonly Layer[]).flatMap((layer) => {
    if (layer.route === undefined) return isRouter(layer.handle) ? listRoutes(layer.handle) : [];
    // Handlers of `all` have no method: they are what answers 405 where nothing stands before.
    const methods = layer.route.stack.flatMap(({ method }) => (method ? [method.toUpperCase()] : []));
    return methods.length === 0 ? [] : [{ matches: (path: string) => layer.match(path), methods }];
  });
}

function isRouter(handle: unknown): handle is Router {
  return typeof handle === "function" && "stack" in handle && Array.isArray(handle.stack);
}
