import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { formatCountdown, formatDuration } from "@elastic-gas/shared/format/durations";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";
import { CursorText, cursorText } from "./cursor.ts";
import { isChanging, type JobState } from "./job-state.ts";
import { splitSentence } from "./job-words.ts";
import { countJobs, countMatching, type JobFilter, type JobRow, listJobs } from "./queries.ts";
import { deleteJobs } from "./remove-jobs.ts";
import { statesOf } from "./state-of.ts";
import { type ListRow, listView, type ResultCell } from "./views/list.ts";

const FILTERS: readonly (readonly [JobFilter, string])[] = [
  ["all", "All"],
  ["running", "Running"],
  ["completed", "Completed"],
  ["failed", "Failed"],
  ["archived", "Archived"],
];

const ListQuery = z.object({
  status: z.enum(["all", "running", "completed", "failed", "archived"]).catch("all"),
  q: z.string().trim().max(100).catch(""),
  older: CursorText,
  newer: CursorText,
});
/** One ticked box comes as a text, several as a list. */
const DeleteBody = z.object({
  job: z.preprocess(
    (value) => (Array.isArray(value) ? value : value === undefined ? [] : [value]),
    z.array(z.uuid("A job has another id.")).max(200, "At most 200 jobs at once."),
  ),
});

/** `/annotations`: the reader's jobs, newest first. Mount behind `requireUser`. */
export function listPages(deps: Deps): Router {
  const { db, sendPage, now } = deps;
  const router = Router();
  router.get("/annotations", async (req, res) => {
    const user = currentUser(res);
    const { status: filter, q: search, older, newer } = ListQuery.parse(req.query);
    const [list, matching] = await Promise.all([
      listJobs(db, { userId: user.id, filter, search, older, newer }),
      countMatching(db, { userId: user.id, filter, search }),
    ]);
    const total = list.jobs.length === 0 ? await countJobs(db, user.id) : undefined;
    const states = await statesOf(deps, user.role, list.jobs);
    const rows = list.jobs.flatMap((job, index) => {
      const state = states[index];
      return state === undefined ? [] : [rowView(job, state, now())];
    });
    const href = (changes: Record<string, string>) =>
      `/annotations?${new URLSearchParams({ status: filter, ...(search === "" ? {} : { q: search }), ...changes })}`;
    const first = list.jobs[0];
    const last = list.jobs.at(-1);
    sendPage(res, {
      title: "Annotations",
      tab: "annotations",
      content: (page) =>
        listView(
          {
            rows,
            total,
            matching,
            filter,
            search,
            filters: FILTERS.map(([key, name]) => ({ name, href: href({ status: key }), chosen: key === filter })),
            newerHref: list.hasNewer && first !== undefined ? href({ newer: cursorText(first) }) : undefined,
            olderHref: list.hasOlder && last !== undefined ? href({ older: cursorText(last) }) : undefined,
            changing: rows.some((row) => isChanging(row.state)),
          },
          page,
        ),
    });
  });
  router.all("/annotations", methodNotAllowed("GET"));

  router.post("/annotations/delete", async (req, res) => {
    const { job: ids } = DeleteBody.parse(req.body);
    const deleted = await deleteJobs(deps, currentUser(res).id, ids);
    leaveNotice(
      req,
      ids.length === 0
        ? { tone: "info", start: "Nothing was deleted.", text: "Select the jobs to delete." }
        : { tone: "ok", start: `${formatCountOf(deleted, "job")} deleted`, text: "with all their files." },
    );
    res.redirect(303, "/annotations");
  });
  router.all("/annotations/delete", methodNotAllowed("POST"));
  return router;
}

function rowView(job: JobRow, state: JobState, now: Date): ListRow {
  const took =
    job.startedAt === null || job.completedAt === null
      ? ""
      : formatDuration(Math.max(0, job.completedAt.getTime() - job.startedAt.getTime()) / 1_000);
  return {
    id: job.id,
    status: job.status,
    name: job.title ?? job.inputName,
    inputSize: job.inputSize,
    submittedAt: job.submittedAt,
    took,
    state,
    result: resultCell(state, now),
  };
}

function resultCell(state: JobState, now: Date): ResultCell {
  switch (state.kind) {
    case "available":
      return {
        kind: "download",
        until: state.until,
        left: state.until === undefined ? "" : formatCountdown(state.until.getTime() - now.getTime()),
      };
    case "expired":
    case "archived":
      return { kind: "upgrade" };
    case "failed":
      return { kind: "text", text: splitSentence(state.sentence).first };
    case "restoring":
      // The state's word stands beside it.
      return { kind: "text", text: `usually in ${state.tier === "Standard" ? "3 to 5\u00a0h" : "1 to 5\u00a0min"}` };
    case "cancelled":
    case "queued":
    case "running":
      return { kind: "text", text: "" };
  }
}
