import { audit } from "@elastic-gas/shared/accounts/audit";
import { isPoolName, type PoolName } from "@elastic-gas/shared/resources";
import { csrfToken } from "@elastic-gas/shared/web/csrf";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { chartPanel, chartsOf } from "../charts/chart-panel.ts";
import { isRangeName } from "../charts/range.ts";
import { rangeChoice } from "../charts/range-choice.ts";
import { choosePool } from "../fleet/read-fleet.ts";
import { answer, type Outcome } from "../frame/answer.ts";
import { actorOf, type PageDeps, requestKey } from "../frame/deps.ts";
import { empty } from "../markup/parts.ts";
import { duration } from "../markup/words.ts";
import { poolsView } from "./pools-view.ts";
import { ResizeBody } from "./resize-body.ts";
import { type Wish, wishPause, wishResize } from "./wishes.ts";

/** The page of the pools, and their buttons. */
export function poolPages(deps: PageDeps): Router {
  const { config, watcher, sendPage, now } = deps;
  const router = Router();

  router.get("/", async (req, res) => {
    const fleet = await watcher.fleet();
    const pool = choosePool(req.query.pool);
    const range = isRangeName(req.query.range) ? req.query.range : "30m";
    const reader = { now: now(), timeZone: config.DISPLAY_TIME_ZONE };
    sendPage(res, {
      template: "pools/views/pools",
      title: "Pools",
      section: "pools",
      fleet,
      page: { pool, range },
      data: {
        view: poolsView(fleet, { pool, range }, { reader, csrf: csrfToken(req) }),
        ranges: rangeChoice(range, (other) => `/?pool=${pool}&range=${other}`),
        charts: chartsOf(pool).map((name) => chartPanel(name, pool, range)),
        noPools: empty("layers", "No pools yet", "The autoscaler makes them at its first check."),
      },
    });
  });

  router.post("/pools/:pool/grow", async (req, res) => resize(deps, req, res, 1));
  router.post("/pools/:pool/shrink", async (req, res) => resize(deps, req, res, -1));

  for (const verb of ["pause", "resume"] as const) {
    router.post(`/pools/:pool/${verb}`, async (req, res) => {
      const pool = poolOfPath(req);
      const outcome = await askPause(deps, pool, verb, { actor: actorOf(res), address: req.ip });
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
  const outcome = await askResize(deps, pool, by, { actor: actorOf(res), key: requestKey(req), address: req.ip, why });
  answer(req, res, outcome, `/?pool=${pool}`);
}

export interface Asking {
  readonly actor: string;
  readonly address: string | undefined;
  /** One per click; a repeat counts once. */
  readonly key?: string | undefined;
  readonly why?: string;
  /** The number of workers wished for, in place of a step. */
  readonly to?: number | undefined;
}

/** Wishes for `by` workers more, or less when negative, and notes who asked. */
export async function askResize(
  { db, config, watcher, now }: PageDeps,
  pool: PoolName,
  by: number,
  { actor, key, address, why, to }: Asking,
): Promise<Outcome> {
  const holdSeconds = config.MANUAL_HOLD_SECONDS;
  const wish = await wishResize(db, pool, by, { actor, now: new Date(now()), key, holdSeconds, why, to });
  if (wish.kind === "done") {
    const detail = `${wish.before} → ${wish.after}`;
    await audit(db, { actor, action: by > 0 ? "pool.grow" : "pool.shrink", target: pool, detail, address });
  }
  await watcher.fleet({ fresh: true });
  return resizeWords(pool, by, wish, holdSeconds);
}

export async function askPause(
  { db, watcher, now }: PageDeps,
  pool: PoolName,
  verb: "pause" | "resume",
  { actor, address }: Asking,
): Promise<Outcome> {
  const changed = await wishPause(db, pool, verb === "pause", { actor, now: new Date(now()) });
  if (changed) await audit(db, { actor, action: `pool.${verb}`, target: pool, address });
  await watcher.fleet({ fresh: true });
  const sentence =
    verb === "pause"
      ? `The policy of ${pool} is paused. Lost workers are still replaced.`
      : `The policy of ${pool} is in force again, from the next check on.`;
  return { done: true, sentence };
}

export function resizeWords(pool: PoolName, by: number, wish: Wish, holdSeconds: number): Outcome {
  const verb = by > 0 ? "grow" : "shrink";
  switch (wish.kind) {
    case "done":
      return {
        done: true,
        sentence: `${pool}: desired ${wish.before} → ${wish.after}. The policy leaves it alone for ${duration(holdSeconds * 1000)}.`,
      };
    case "repeated":
      return { done: true, sentence: `${pool}: already asked for; desired is ${wish.desired}.` };
    case "refused":
      return { done: false, sentence: `${pool} does not ${verb}: ${wish.reason}.` };
  }
}

export function poolOfPath(req: Request): PoolName {
  const name = String(req.params.pool);
  if (!isPoolName(name)) throw new HttpError(404, `There is no pool ${name.slice(0, 40)}.`);
  return name;
}
