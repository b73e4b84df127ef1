import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { formatCountdown, formatDuration } from "@elastic-gas/shared/format/durations";
import { methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { isChanging, type JobState, jobState } from "./job-state.ts";
import { splitSentence } from "./job-words.ts";
import { type Cursor, countJobs, type JobFilter, type JobRow, listJobs, listWaiting } from "./queries.ts";
import { type ListRow, listView, type ResultCell } from "./views/list.ts";

const FILTERS: readonly (readonly [JobFilter, string])[] = [
  ["all", "All"],
  ["running", "Running"],
  ["completed", "Completed"],
  ["failed", "Failed"],
];

/** `<ISO instant>_<job id>`; anything else counts as none. */
const CursorText = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_[0-9a-f-]{36}$/)
  .transform((text): Cursor => ({ at: new Date(text.slice(0, 24)), id: text.slice(25) }))
  .optional()
  .catch(undefined);
const ListQuery = z.object({
  status: z.enum(["all", "running", "completed", "failed"]).catch("all"),
  q: z.string().trim().max(100).catch(""),
  older: CursorText,
  newer: CursorText,
});

/** `/annotations`: the reader's jobs, newest first. Mount behind `requireUser`. */
export function listPages({ db, config, sendPage, now }: Deps): Router {
  const router = Router();
  router.get("/annotations", async (req, res) => {
    const user = currentUser(res);
    const { status: filter, q: search, older, newer } = ListQuery.parse(req.query);
    const [list, total, waiting] = await Promise.all([
      listJobs(db, { userId: user.id, filter, search, older, newer }),
      countJobs(db, user.id),
      listWaiting(db),
    ]);
    const context = { role: user.role, now: now(), retentionSeconds: config.FREE_RETENTION_SECONDS, waiting };
    const rows = list.jobs.map((job) => rowView(job, jobState(job, context), context.now));
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
            matching: list.matching,
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
  return router;
}

function cursorText({ submittedAt, id }: Pick<JobRow, "submittedAt" | "id">): string {
  return `${submittedAt.toISOString()}_${id}`;
}

function rowView(job: JobRow, state: JobState, now: Date): ListRow {
  const took =
    job.startedAt === null || job.completedAt === null
      ? ""
      : formatDuration(Math.max(0, job.completedAt.getTime() - job.startedAt.getTime()) / 1_000);
  return {
    id: job.id,
    status: job.status,
    inputName: job.inputName,
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
      return { kind: "text", text: "on its way back" };
    case "queued":
    case "running":
      return { kind: "text", text: "" };
  }
}
