import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { readerZone } from "@elastic-gas/shared/web/reader-zone";
import { Router } from "express";
import { makeReport } from "../../features/report/make-report.ts";
import { isRangeName, RANGE_NAMES } from "../../model/charts/range.ts";
import type { PageDeps } from "../frame/page-deps.ts";
import { refuseUnread } from "../kit/refuse-unread.ts";

/** `/report.html?range=3h`: the report to download. */
export function reportPages(deps: PageDeps): Router {
  const router = Router();
  router.get("/report.html", async (req, res) => {
    refuseUnread(req.query, { range: RANGE_NAMES });
    const range = isRangeName(req.query.range) ? req.query.range : "30m";
    const { fileName, html } = await makeReport(deps, { range, timeZone: readerZone(req, deps.config) });
    // Saved, not opened here: its inline style is not for this site's content security policy.
    res.attachment(fileName).setHeader("Cache-Control", "no-store").type("html").send(html);
  });
  router.all("/report.html", methodNotAllowed("GET"));
  return router;
}
