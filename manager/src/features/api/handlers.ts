import { audit } from "@elastic-gas/shared/audit";
import type { UpdateVerb } from "@elastic-gas/shared/releases/updates";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { openApiDocument } from "@elastic-gas/shared/web/openapi";
import type { Request, RequestHandler, Response } from "express";
import { chartsMaxAgeMs } from "../../model/charts/charts-age.ts";
import { listDeadLetters } from "../../read/dead-letters.ts";
import { listActivities, listDecisions } from "../../read/decisions.ts";
import { listPolicyVersions } from "../../read/policy-versions.ts";
import { findPool } from "../../read/pools.ts";
import { readReleases } from "../../read/releases.ts";
import { SendAgainBody, sendAgain } from "../dead-letters/dead-letter-actions.ts";
import type { FeatureDeps, Outcome } from "../feature-deps.ts";
import { savePolicy } from "../policy/save-policy.ts";
import { pausePool, resizePool } from "../pools/pool-actions.ts";
import { poolOfPath } from "../pools/pool-of-path.ts";
import { startUpdate, steerUpdate, UpdateBody } from "../releases/release-actions.ts";
import { makeReport } from "../report/make-report.ts";
import { requesterOf } from "../requester.ts";
import { changeWorker, type WorkerVerb } from "../workers/worker-actions.ts";
import { MANAGER_API } from "./openapi.ts";
import { OPERATIONS, type OperationId } from "./operations.ts";
import { readPolicyChange } from "./policy-change.ts";
import {
  presentActivity,
  presentAlert,
  presentCharts,
  presentDecision,
  presentPool,
  presentReleases,
  presentStatus,
  presentVersion,
  presentWorker,
} from "./present.ts";
import {
  ChartsQuery,
  DeadLettersQuery,
  ListQuery,
  ReportQuery,
  ResizeChange,
  VersionsQuery,
  WorkersQuery,
} from "./schemas.ts";
import { type UserHandlerDeps, userHandlers } from "./user-handlers.ts";

const DAY_MS = 86_400_000;

/** What each operation does: the same reads and changes as the pages. */
export function apiHandlers(
  deps: UserHandlerDeps,
): Readonly<Record<OperationId, RequestHandler | readonly RequestHandler[]>> {
  const { db, config, watcher, now } = deps;
  const reader = () => ({ now: now(), timeZone: config.DISPLAY_TIME_ZONE });
  const resize =
    (direction: 1 | -1): RequestHandler =>
    async (req, res) => {
      const { why, by = 1, to } = ResizeChange.parse(req.body ?? {});
      const request = { ...requesterOf(req, res), why, to };
      sendOutcome(res, await resizePool(deps, poolOfPath(req), direction * by, request));
    };
  const pause =
    (verb: "pause" | "resume"): RequestHandler =>
    async (req, res) => {
      sendOutcome(res, await pausePool(deps, poolOfPath(req), verb, requesterOf(req, res)));
    };
  const worker =
    (verb: WorkerVerb): RequestHandler =>
    async (req, res) => {
      const { outcome } = await changeWorker(deps, verb, String(req.params.id), requesterOf(req, res));
      sendOutcome(res, outcome);
    };
  const update =
    (verb: UpdateVerb): RequestHandler =>
    async (req, res) => {
      sendOutcome(res, await steerUpdate(deps, verb, requesterOf(req, res)));
    };
  return {
    ...userHandlers(deps),
    getDocument: (_req, res) => void res.json(openApiDocument(OPERATIONS, MANAGER_API)),
    getStatus: async (_req, res) => void res.json(presentStatus(await watcher.fleet(), reader())),
    listPools: async (_req, res) => {
      const { pools } = await watcher.fleet();
      res.json(pools.map((pool) => presentPool(pool, reader())));
    },
    getPool: async (req, res) => {
      const name = poolOfPath(req);
      const pool = (await watcher.fleet()).pools.find((each) => each.name === name);
      if (pool === undefined) throw missing(name);
      res.json(presentPool(pool, reader()));
    },
    growPool: resize(1),
    shrinkPool: resize(-1),
    pausePool: pause("pause"),
    resumePool: pause("resume"),
    getPolicy: async (req, res) => void res.json(await readPolicy(deps, req)),
    savePolicy: async (req, res) => {
      await changePolicy(deps, req, res);
      res.json(await readPolicy(deps, req));
    },
    listPolicyVersions: async (req, res) => {
      const { limit } = VersionsQuery.parse(req.query);
      // One more than shown: each is told by its difference to the one before.
      const versions = await listPolicyVersions(db, { pool: poolOfPath(req), limit: limit + 1 });
      res.json(versions.slice(0, limit).map((version, index) => presentVersion(version, versions[index + 1])));
    },
    getCharts: async (req, res) => {
      const { range } = ChartsQuery.parse(req.query);
      const maxAgeMs = chartsMaxAgeMs(range, config.METRIC_PERIOD_SECONDS);
      res.json(presentCharts(await watcher.charts(poolOfPath(req), range, maxAgeMs)));
    },
    listWorkers: async (req, res) => {
      const { pool } = WorkersQuery.parse(req.query);
      const { workers } = await watcher.fleet();
      const shown = workers.filter((each) => each.state !== "terminated" && (pool === undefined || each.pool === pool));
      res.json(shown.map((each) => presentWorker(each, reader())));
    },
    replaceWorker: worker("replace"),
    drainWorker: worker("drain"),
    protectWorker: worker("protect"),
    unprotectWorker: worker("unprotect"),
    listDecisions: async (req, res) => {
      const { span, limit } = readList(req, now());
      res.json((await listDecisions(db, span, limit)).map((row) => presentDecision(row, reader())));
    },
    listActivities: async (req, res) => {
      const { span, limit } = readList(req, now());
      res.json((await listActivities(db, span, limit)).map(presentActivity));
    },
    listDeadLetters: async (req, res) => {
      const { limit } = DeadLettersQuery.parse(req.query);
      const letters = await listDeadLetters(db, limit);
      res.json(letters.map((letter) => ({ ...letter, at: new Date(letter.at).toISOString() })));
    },
    sendDeadLetters: async (req, res) => {
      sendOutcome(res, await sendAgain(deps, SendAgainBody.parse(req.body ?? {}), requesterOf(req, res)));
    },
    listReleases: async (_req, res) => void res.json(presentReleases(await readReleases(db, reader()))),
    startUpdate: async (req, res) => {
      sendOutcome(res, await startUpdate(deps, UpdateBody.parse(req.body ?? {}), requesterOf(req, res)));
    },
    pauseUpdate: update("pause"),
    resumeUpdate: update("resume"),
    rollBackUpdate: update("roll-back"),
    getReport: async (req, res) => {
      const { range, zone = config.DISPLAY_TIME_ZONE } = ReportQuery.parse(req.query);
      res.json(await makeReport(deps, { range, timeZone: zone }));
    },
    listAlerts: async (_req, res) => void res.json((await watcher.fleet()).alerts.map(presentAlert)),
  };
}

function sendOutcome(res: Response, outcome: Outcome): void {
  if (!outcome.done) throw new HttpError(409, outcome.sentence);
  res.json(outcome);
}

async function changePolicy({ db, now }: FeatureDeps, req: Request, res: Response): Promise<void> {
  const pool = poolOfPath(req);
  const { version, ...stored } = readPolicyChange(pool, req.body);
  const { actor, address, key } = requesterOf(req, res);
  if (key !== undefined) {
    throw new HttpError(
      400,
      "Idempotency-Key is not used here: a policy is saved once against the version that was read.",
    );
  }
  const saved = await savePolicy(db, pool, stored, { actor, now: new Date(now()), expected: version });
  if (saved === undefined) throw missing(pool);
  if (saved.kind === "conflict") throw new HttpError(409, `${saved.by} saved v${saved.version} in the meantime.`);
  if (saved.kind === "saved") {
    const target = `${pool} v${saved.version}`;
    await audit(db, { actor, action: "policy.save", target, detail: saved.difference, address });
  }
}

async function readPolicy({ db }: FeatureDeps, req: Request) {
  const name = poolOfPath(req);
  const pool = await findPool(db, name);
  if (pool === undefined) throw missing(name);
  return { version: pool.policyVersion, policy: pool.policy, limits: { min: pool.min, max: pool.max } };
}

function readList(req: Request, now: number) {
  const { pool, from, to, limit } = ListQuery.parse(req.query);
  const end = to === undefined ? now : Date.parse(to);
  // The day before what it ends with: the last day before now has nothing to do with a span that is long over.
  const start = from === undefined ? end - DAY_MS : Date.parse(from);
  // Without `to` it is only a caller whose clock is ahead, as of one that asks again and again: nothing is there yet.
  if (to !== undefined && start > end)
    throw new HttpError(400, "“from” is later than “to”: nothing lies between them.");
  return { span: { pool, from: start, to: end }, limit };
}

function missing(pool: string): HttpError {
  return new HttpError(404, `The pool ${pool} does not exist yet.`);
}
