import { readState } from "@elastic-gas/scaling/policy-state";
import { learnedRatio } from "@elastic-gas/scaling/rules/minutes";
import type { PoolName } from "@elastic-gas/shared/resources";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import { poolOfPath } from "../../features/pools/pool-of-path.ts";
import { isLoadName } from "../../features/preview/loads.ts";
import { makePreview, type Preview } from "../../features/preview/make-preview.ts";
import { Replayer } from "../../features/preview/replayer.ts";
import { parsePolicyForm } from "../../model/policy/policy-form.ts";
import { type Warnings, warningsOf } from "../../model/policy/warnings.ts";
import { findPool } from "../../read/pools.ts";
import type { Watcher } from "../../read/watcher.ts";
import type { PageDeps } from "../frame/page-deps.ts";

/** What the page gets: reasons beside fields, or the preview. */
export type PreviewAnswer =
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> }
  | { readonly ok: true; readonly warnings: Warnings; readonly preview: Preview };

const Form = z.record(z.string(), z.string().max(100));

/** Plays the form's values with the code that decides. Changes nothing; a POST because the form may be long. */
export function previewRoutes({ db, config, watcher, now }: PageDeps): Router {
  const router = Router();
  const replayer = new Replayer();

  router.post("/policy/:pool/preview", async (req, res) => {
    const pool = poolOfPath(req);
    const values = Form.parse(req.body ?? {});
    const parsed = parsePolicyForm(pool, values);
    if (!parsed.ok) {
      res.json({ ok: false, errors: Object.fromEntries(parsed.errors) } satisfies PreviewAnswer);
      return;
    }
    const warnings = warningsOf(parsed.stored.policy);
    const row = await findPool(db, pool);
    if (row === undefined) throw new HttpError(404, `The pool ${pool} does not exist yet.`);
    const counts = (await watcher.fleet()).pools.find((each) => each.name === pool)?.counts;
    const kinds = new Set([row.policy.kind, parsed.stored.policy.kind]);
    const gone = new AbortController();
    res.on("close", () => gone.abort());
    const request = {
      pool,
      inForce: { policy: row.policy, limits: { min: row.min, max: row.max } },
      asked: parsed.stored,
      load: isLoadName(values.load) ? values.load : "24h",
      current: counts === undefined ? row.desired : counts.inService + counts.unhealthy,
      now: now(),
      measured: {
        requestsPerWorker: requestsPerWorker(row.policyState, config.RULE_MINUTE_SECONDS),
        idleResponseMs: kinds.has("requests") ? await idleResponseMs(watcher, pool) : null,
      },
      workerPriceCentsPerHour: config.WORKER_PRICE_CENTS_PER_HOUR,
    } as const;
    try {
      const preview = await makePreview(db, request, (question) => replayer.ask(question, gone.signal));
      res.json({ ok: true, warnings, preview } satisfies PreviewAnswer);
    } catch (error) {
      // Whoever typed on has asked again.
      if (!gone.signal.aborted) throw error;
    }
  });
  return router;
}

/** Requests a minute that load one worker to 100 %; null before the rule has learned it. */
function requestsPerWorker(policyState: unknown, minuteSeconds: number): number | null {
  const ratio = learnedRatio(readState(policyState));
  return ratio === null ? null : (ratio * 60) / minuteSeconds;
}

const RESPONSE_MAX_AGE_MS = 10 * 60_000;

/**
 * The lowest mean response time that the load balancer reported within a day; null when it reported none, or AWS does
 * not answer.
 */
async function idleResponseMs(watcher: Watcher, pool: PoolName): Promise<number | null> {
  try {
    const { traffic } = await watcher.charts(pool, "24h", RESPONSE_MAX_AGE_MS);
    const known = (traffic?.responseMs.values ?? []).filter((value) => value !== null && value > 0);
    return known.length === 0 ? null : Math.min(...known.map(Number));
  } catch {
    return null; // the page says by itself that AWS does not answer; the preview goes on with an assumption
  }
}
