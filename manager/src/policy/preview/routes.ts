import { POLICY_KINDS } from "@elastic-gas/shared/pools/policy";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import type { PageDeps } from "../../frame/deps.ts";
import { findPool } from "../../pools/queries.ts";
import { poolOfPath } from "../../pools/routes.ts";
import { parsePolicyForm } from "../form.ts";
import { canPreview, makePreview, type Preview } from "./make-preview.ts";
import { LOADS, type LoadName } from "./measured-load.ts";

/** What the page gets: reasons beside fields, or the preview; null when this rule has none. */
export type PreviewAnswer =
  | { readonly ok: false; readonly errors: Readonly<Record<string, string>> }
  | { readonly ok: true; readonly preview: Preview | null };

const LOAD_NAMES = Object.keys(LOADS) as LoadName[]; // the literal has no other keys
const Form = z.record(z.string(), z.string().max(100));
/** Each preview is a process of its own; this machine also runs the workers. */
const AT_ONCE = 2;

/** Plays the form's values with the code that decides. Changes nothing; a POST because the form may be long. */
export function previewRoutes({ db, watcher, now }: PageDeps): Router {
  const router = Router();
  let running = 0;

  router.post("/policy/:pool/preview", async (req, res) => {
    const pool = poolOfPath(req);
    const values = Form.parse(req.body ?? {});
    const parsed = parsePolicyForm(pool, values);
    if (!parsed.ok) {
      const answer: PreviewAnswer = { ok: false, errors: Object.fromEntries(parsed.errors) };
      res.json(answer);
      return;
    }
    const row = await findPool(db, pool);
    if (row === undefined) throw new HttpError(404, `The pool ${pool} does not exist yet.`);
    const inForce = { policy: row.policy, limits: { min: row.min, max: row.max } };
    if (!POLICY_KINDS[pool].includes("cpu") || !canPreview(inForce) || !canPreview(parsed.stored)) {
      res.json({ ok: true, preview: null } satisfies PreviewAnswer);
      return;
    }
    if (running >= AT_ONCE) throw new HttpError(503, "Other previews are being made.", { retryAfterSeconds: 2 });
    running += 1;
    const gone = new AbortController();
    res.on("close", () => gone.abort());
    try {
      const fleet = await watcher.fleet();
      const counts = fleet.pools.find((each) => each.name === pool)?.counts;
      const load = LOAD_NAMES.find((name) => name === values.load) ?? "24h";
      const current = counts === undefined ? row.desired : counts.inService + counts.unhealthy;
      const request = { pool, inForce, asked: parsed.stored, load, current, now: now() };
      const preview = await makePreview(db, request, gone.signal);
      res.json({ ok: true, preview } satisfies PreviewAnswer);
    } finally {
      running -= 1;
    }
  });
  return router;
}
