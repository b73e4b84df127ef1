import { readerZone } from "@elastic-gas/shared/web/reader-zone";
import { type Response, Router } from "express";
import { RANGES } from "../../model/charts/range.ts";
import { listEntries } from "../../model/decisions/list-entries.ts";
import { outcomeOf } from "../../model/decisions/outcome.ts";
import type { DecisionRow } from "../../model/decisions/records.ts";
import { sentenceOf } from "../../model/decisions/records.ts";
import { describeDifference } from "../../model/policy/differences.ts";
import type { PolicyVersion } from "../../model/policy/policy-version.ts";
import { countDecisions, listActivities, listDecisions } from "../../read/decisions.ts";
import { listPolicyVersions } from "../../read/policy-versions.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { csvLine } from "../kit/csv.ts";
import { refuseUnread } from "../kit/refuse-unread.ts";
import { DECISIONS_PARAMETERS, type DecisionsQuery, readDecisionsQuery } from "./decisions-query.ts";
import { decisionsView } from "./decisions-view.ts";

/** Checks on one page; "Load older" shows the next ones. */
const PAGE_ROWS = 1_500;
/** A CSV of a week of three pools has 30,000 lines. */
const CSV_BATCH = 2_000;

export function decisionPages(deps: PageDeps): Router {
  const router = Router();
  router.get("/decisions", async (req, res) => sendDecisions(deps, readDecisionsQuery(req), res));
  router.get("/decisions.csv", async (req, res) => {
    refuseUnread(req.query, DECISIONS_PARAMETERS);
    await sendCsv(deps, readDecisionsQuery(req), res);
  });
  return router;
}

/** The rows with their sentences as a reader of this zone gets them. */
function inZone(rows: readonly DecisionRow[], timeZone: string): readonly DecisionRow[] {
  return rows.map((row) => ({ ...row, reason: sentenceOf(row, { timeZone }) }));
}

async function sendDecisions(
  { db, config, watcher, sendPage, now }: PageDeps,
  asked: DecisionsQuery,
  res: Response,
): Promise<void> {
  const from = now() - RANGES[asked.range].seconds * 1000;
  const span = { from, to: asked.before ?? now() + 1_000, pool: asked.pool };
  const fleet = await watcher.fleet();
  const decisions = inZone(await listDecisions(db, span, PAGE_ROWS), readerZone(res.req, config));
  const complete = decisions.length < PAGE_ROWS;
  const shownFrom = complete ? from : (decisions.at(-1)?.at ?? from);
  const [activities, versions, counts] = await Promise.all([
    listActivities(db, { ...span, from: shownFrom }, PAGE_ROWS),
    listPolicyVersions(db, { pool: asked.pool, limit: 1_000 }),
    countDecisions(db, { ...span, to: now() + 1_000 }),
  ]);
  const entries = listEntries(
    {
      decisions,
      activities,
      versions: versions.filter((version) => version.at >= shownFrom && version.at <= span.to),
      describeVersion: (version) => differenceToOlder(versions, version),
    },
    asked,
  );
  const nextCheckAt = fleet.pools
    .filter((pool) => asked.pool === undefined || pool.name === asked.pool)
    .map((pool) => pool.nextCheckAt)
    .filter((at) => at !== null)
    .sort()[0];
  sendPage(res, {
    title: "Decisions",
    section: "decisions",
    fleet,
    page: { live: asked.before === undefined, pool: asked.pool ?? null },
    content: (context) =>
      decisionsView(
        {
          asked,
          entries,
          nextCheckAt: asked.before === undefined ? (nextCheckAt ?? null) : null,
          shownFrom: decisions.at(-1)?.at ?? from,
          counts,
          hasOlder: !complete,
        },
        context,
      ),
  });
}

/** What a version changed against the one before it. */
export function differenceToOlder(versions: readonly PolicyVersion[], version: PolicyVersion): string {
  const older = versions.find((each) => each.pool === version.pool && each.version === version.version - 1);
  return describeDifference(older, version);
}

async function sendCsv({ db, config, now }: PageDeps, asked: DecisionsQuery, res: Response): Promise<void> {
  const from = now() - RANGES[asked.range].seconds * 1000;
  res.setHeader("Content-Disposition", `attachment; filename="decisions-${asked.pool ?? "all"}-${asked.range}.csv"`);
  res
    .type("text/csv")
    .write(
      csvLine([
        "at",
        "pool",
        "outcome",
        "desired_before",
        "desired_after",
        "in_service",
        "warming",
        "pending",
        "draining",
        "measured",
        "unit",
        "policy_version",
        "reason",
      ]),
    );
  let to = asked.before ?? now() + 1_000;
  const seen = new Set<number>();
  for (;;) {
    const rows = await listDecisions(db, { from, to, pool: asked.pool }, CSV_BATCH);
    const fresh = inZone(rows, readerZone(res.req, config)).filter((row) => !seen.has(row.id));
    for (const row of fresh) {
      seen.add(row.id);
      res.write(csvLine(csvCells(row)));
    }
    const last = rows.at(-1);
    if (rows.length < CSV_BATCH || fresh.length === 0 || last === undefined) break;
    to = last.at;
  }
  res.end();
}

function csvCells(row: DecisionRow) {
  return [
    new Date(row.at).toISOString(),
    row.pool,
    outcomeOf(row),
    row.desiredBefore,
    row.desiredAfter,
    row.inService,
    row.warming,
    row.pending,
    row.draining,
    row.measured === null ? null : Number(row.measured.toFixed(3)),
    row.facts.unit,
    row.policyVersion,
    row.reason,
  ];
}
