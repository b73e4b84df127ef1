import { audit } from "@elastic-gas/shared/accounts/audit";
import { HttpError, notFound } from "@elastic-gas/shared/web/errors";
import { requireAdmin } from "@elastic-gas/shared/web/sessions";
import { type Request, type Response, Router } from "express";
import { listActivities, listDecisions } from "../decisions/queries.ts";
import type { Outcome } from "../frame/answer.ts";
import { actorOf, type PageDeps, requestKey } from "../frame/deps.ts";
import { chartsMaxAgeMs } from "../live/charts-age.ts";
import { savePolicy } from "../policy/save.ts";
import { findPool } from "../pools/queries.ts";
import { askPause, askResize, poolOfPath, ResizeBody } from "../pools/routes.ts";
import { askWorker, WORKER_VERBS } from "../workers/routes.ts";
import { requireScope } from "./bearer.ts";
import { openApiDocument } from "./openapi.ts";
import {
  presentActivity,
  presentAlert,
  presentCharts,
  presentDecision,
  presentPool,
  presentWorker,
} from "./present.ts";
import { ChartsQuery, ListQuery, PolicyChange, WorkersQuery } from "./schemas.ts";

/** The version of the document; raised with every change that a caller can see. */
export const API_VERSION = "1.0.0";
const DAY_MS = 86_400_000;

/** JSON for scripts: the same reads and wishes as the pages. */
export function apiRoutes(deps: PageDeps): Router {
  const { db, config, watcher, now } = deps;
  const router = Router();
  router.use(requireAdmin, requireScope);
  router.use((_req, res, next) => {
    res.setHeader("Cache-Control", "no-store");
    next();
  });

  router.get("/openapi.json", (_req, res) => void res.json(openApiDocument(API_VERSION)));

  router.get("/pools", async (_req, res) => {
    res.json((await watcher.fleet()).pools.map(presentPool));
  });
  router.get("/pools/:pool", async (req, res) => {
    const name = poolOfPath(req);
    const pool = (await watcher.fleet()).pools.find((each) => each.name === name);
    if (pool === undefined) throw new HttpError(404, `The pool ${name} does not exist yet.`);
    res.json(presentPool(pool));
  });
  for (const [verb, by] of [
    ["grow", 1],
    ["shrink", -1],
  ] as const) {
    router.post(`/pools/:pool/${verb}`, async (req, res) => {
      const { why } = ResizeBody.parse(req.body ?? {});
      const asking = { actor: actorOf(res), key: requestKey(req), address: req.ip, why };
      sendOutcome(res, await askResize(deps, poolOfPath(req), by, asking));
    });
  }
  for (const verb of ["pause", "resume"] as const) {
    router.post(`/pools/:pool/${verb}`, async (req, res) => {
      sendOutcome(res, await askPause(deps, poolOfPath(req), verb, { actor: actorOf(res), address: req.ip }));
    });
  }
  router.get("/pools/:pool/policy", async (req, res) => void res.json(await readPolicy(deps, req)));
  router.put("/pools/:pool/policy", async (req, res) => {
    const pool = poolOfPath(req);
    const { version, ...stored } = PolicyChange.parse(req.body);
    const actor = actorOf(res);
    const saved = await savePolicy(db, pool, stored, { actor, now: new Date(now()), expected: version });
    if (saved === undefined) throw new HttpError(404, `The pool ${pool} does not exist yet.`);
    if (saved.kind === "conflict") throw new HttpError(409, `${saved.by} saved v${saved.version} in the meantime.`);
    if (saved.kind === "saved") {
      const target = `${pool} v${saved.version}`;
      await audit(db, { actor, action: "policy.save", target, detail: saved.difference, address: req.ip });
    }
    res.json(await readPolicy(deps, req));
  });
  router.get("/pools/:pool/charts", async (req, res) => {
    const { range } = ChartsQuery.parse(req.query);
    const maxAgeMs = chartsMaxAgeMs(range, config.METRIC_PERIOD_SECONDS);
    res.json(presentCharts(await watcher.charts(poolOfPath(req), range, maxAgeMs)));
  });

  router.get("/workers", async (req, res) => {
    const { pool } = WorkersQuery.parse(req.query);
    const { workers } = await watcher.fleet();
    const shown = workers.filter(
      (worker) => worker.state !== "terminated" && (pool === undefined || worker.pool === pool),
    );
    res.json(shown.map(presentWorker));
  });
  for (const verb of WORKER_VERBS) {
    router.post(`/workers/:id/${verb}`, async (req, res) => {
      const asker = { actor: actorOf(res), key: requestKey(req), address: req.ip };
      const { outcome } = await askWorker(deps, verb, String(req.params.id), asker);
      sendOutcome(res, outcome);
    });
  }

  router.get("/decisions", async (req, res) => {
    const { span, limit } = readList(req, now());
    res.json((await listDecisions(db, span, limit)).map(presentDecision));
  });
  router.get("/activities", async (req, res) => {
    const { span, limit } = readList(req, now());
    res.json((await listActivities(db, span, limit)).map(presentActivity));
  });
  router.get("/alerts", async (_req, res) => {
    res.json((await watcher.fleet()).alerts.map(presentAlert));
  });
  router.use(notFound);
  return router;
}

function sendOutcome(res: Response, outcome: Outcome): void {
  if (!outcome.done) throw new HttpError(409, outcome.sentence);
  res.json(outcome);
}

async function readPolicy({ db }: PageDeps, req: Request) {
  const name = poolOfPath(req);
  const pool = await findPool(db, name);
  if (pool === undefined) throw new HttpError(404, `The pool ${name} does not exist yet.`);
  return { version: pool.policyVersion, policy: pool.policy, limits: { min: pool.min, max: pool.max } };
}

function readList(req: Request, now: number) {
  const { pool, from, to, limit } = ListQuery.parse(req.query);
  return {
    span: {
      pool,
      from: from === undefined ? now - DAY_MS : Date.parse(from),
      to: to === undefined ? now : Date.parse(to),
    },
    limit,
  };
}
