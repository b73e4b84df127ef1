import type { Database } from "@elastic-gas/shared/database/connect";
import { Router } from "express";
import type { PageDeps } from "../frame/page-deps.ts";
import { csvLine } from "../kit/csv.ts";
import { refuseUnread } from "../kit/refuse-unread.ts";
import { auditView } from "./audit-view.ts";

const SHOWN = 200;
const CSV_ROWS = 10_000;

interface Asked {
  readonly filter: string;
  /** Only what is older than this row. */
  readonly before: number | undefined;
}

export function auditPages({ db, watcher, sendPage }: PageDeps): Router {
  const router = Router();

  router.get("/audit", async (req, res) => {
    const before = Number(req.query.before);
    const asked = {
      filter: String(req.query.filter ?? "").slice(0, 100),
      before: Number.isInteger(before) && before > 0 ? before : undefined,
    };
    const rows = await listAudit(db, asked, SHOWN);
    sendPage(res, {
      title: "Audit log",
      section: "audit",
      fleet: await watcher.fleet(),
      content: (context) =>
        auditView(
          {
            rows: rows.map((row) => ({ ...row, at: row.at.getTime() })),
            filter: asked.filter,
            older: rows.length === SHOWN ? rows.at(-1)?.id : undefined,
          },
          context,
        ),
    });
  });

  router.get("/audit.csv", async (req, res) => {
    refuseUnread(req.query, { filter: null });
    const rows = await listAudit(db, { filter: String(req.query.filter ?? ""), before: undefined }, CSV_ROWS);
    res.type("text/csv").setHeader("Content-Disposition", 'attachment; filename="audit.csv"');
    const head = csvLine(["at", "actor", "action", "target", "detail", "address"]);
    res.send(
      head +
        rows
          .map((row) => csvLine([row.at.toISOString(), row.actor, row.action, row.target, row.detail, row.address]))
          .join(""),
    );
  });
  return router;
}

function listAudit(db: Database, { filter, before }: Asked, limit: number) {
  const pattern = `%${filter.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
  return db
    .selectFrom("auditLog")
    .selectAll()
    .where((eb) =>
      eb.or([
        eb("actor", "like", pattern),
        eb("action", "like", pattern),
        eb("target", "like", pattern),
        eb("detail", "like", pattern),
      ]),
    )
    .$if(before !== undefined, (query) => query.where("id", "<", before ?? 0))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}
