import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { pausePool, resizePool } from "../../features/pools/pool-actions.ts";
import { poolOfPath } from "../../features/pools/pool-of-path.ts";
import { ResizeBody } from "../../features/pools/resize-body.ts";
import { requesterOf } from "../../features/requester.ts";
import { isRangeName } from "../../model/charts/range.ts";
import { choosePool } from "../../read/read-fleet.ts";
import { answer } from "../frame/answer.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { poolsPageView } from "./pools-page-view.ts";
import { poolsView } from "./pools-view.ts";

/** The page of the pools, and their buttons. */
export function poolPages(deps: PageDeps): Router {
  const { watcher, sendPage } = deps;
  const router = Router();

  router.get("/", async (req, res) => {
    const fleet = await watcher.fleet();
    const pool = choosePool(req.query.pool);
    const range = isRangeName(req.query.range) ? req.query.range : "30m";
    sendPage(res, {
      title: "Pools",
      section: "pools",
      fleet,
      page: { pool, range },
      content: (context) => poolsPageView({ pool, range }, poolsView(fleet, { pool, range }, context)),
    });
  });

  router.post("/pools/:pool/grow", async (req, res) => resize(deps, req, res, 1));
  router.post("/pools/:pool/shrink", async (req, res) => resize(deps, req, res, -1));

  for (const verb of ["pause", "resume"] as const) {
    router.post(`/pools/:pool/${verb}`, async (req, res) => {
      const pool = poolOfPath(req);
      const outcome = await pausePool(deps, pool, verb, requesterOf(req, res));
      answer(req, res, outcome, `/?pool=${pool}`);
    });
  }
  for (const verb of ["grow", "shrink", "pause", "resume"]) {
    router.all(`/pools/:pool/${verb}`, methodNotAllowed("POST"));
  }
  return router;
}

async function resize(deps: PageDeps, req: Request, res: Response, by: 1 | -1): Promise<void> {
  const pool = poolOfPath(req);
  const { why } = ResizeBody.parse(req.body ?? {});
  const outcome = await resizePool(deps, pool, by, { ...requesterOf(req, res), why });
  answer(req, res, outcome, `/?pool=${pool}`);
}
