import { randomUUID } from "node:crypto";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { formatCountdown } from "@elastic-gas/shared/format/durations";
import { formatTime } from "@elastic-gas/shared/format/times";
import { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";
import { BuildField } from "./build-choice.ts";
import { deleteInput } from "./delete-inputs.ts";
import { buildDoubt, buildNotice } from "./figures.ts";
import { signDownload } from "./files.ts";
import { isChanging, type JobState, resultLinkSeconds, stateVersion } from "./job-state.ts";
import { jobNote, jobSteps, noLogWords } from "./job-words.ts";
import { findJob, type Job, runAgain } from "./queries.ts";
import { readLog } from "./read-log.ts";
import { cancelJob, deleteJobs } from "./remove-jobs.ts";
import { resultFileName } from "./result-file-name.ts";
import { stateOf } from "./state-of.ts";
import { queueJob } from "./submit.ts";
import { refuseTooManyWaiting } from "./too-many-waiting.ts";
import { jobView } from "./views/job.ts";
import { logView } from "./views/log.ts";

const JobParams = z.object({ jobId: z.uuid() });
const AnnotateAgainBody = z.object({ build: BuildField });
const LOG_EXCERPT_BYTES = 4_096;
const LOG_EXCERPT_LINES = 14;
const LOG_PAGE_BYTES = 1_048_576;
const INPUT_LINK_SECONDS = 60;

/** `/annotations/:jobId` and its files. Mount behind `requireUser`. */
export function jobPages(deps: Deps): Router {
  const { db, browserS3, config, resources, sendPage, now } = deps;
  const router = Router();

  const getJob = async (req: Request, res: Response): Promise<{ job: Job; state: JobState }> => {
    const params = JobParams.safeParse(req.params);
    if (!params.success) throw noSuchJob();
    const user = currentUser(res);
    const found = await findJob(db, user.id, params.data.jobId.toLowerCase());
    if (found.kind === "unknown") throw noSuchJob();
    if (found.kind === "not yours") {
      throw new HttpError(403, "Not authorized to view this job", { remedy: "It belongs to another account." });
    }
    return { job: found.job, state: await stateOf(deps, user.role, found.job) };
  };

  router.get("/annotations/:jobId", async (req, res) => {
    const { job, state } = await getJob(req, res);
    const parsed = JobSummary.safeParse(job.summary);
    const summary = job.status === "COMPLETED" && parsed.success ? parsed.data : undefined;
    const log = await logExcerpt(job);
    sendPage(res, {
      title: job.title ?? job.inputName,
      tab: "annotations",
      content: (page) =>
        jobView(
          {
            job,
            state,
            summary,
            log,
            note: jobNote(state, {
              retentionSeconds: config.FREE_RETENTION_SECONDS,
              clock: (at) => formatTime(at, "full", { zone: page.zone }),
            }),
            buildNotice: summary === undefined ? undefined : buildNotice(summary),
            doubt: summary === undefined ? undefined : buildDoubt(summary),
            left:
              state.kind === "available" && state.until ? formatCountdown(state.until.getTime() - now().getTime()) : "",
            steps: jobSteps(state, job),
          },
          page,
        ),
    });
  });
  router.all("/annotations/:jobId", methodNotAllowed("GET"));

  router.get("/annotations/:jobId/state", async (req, res) => {
    const { job, state } = await getJob(req, res);
    res.setHeader("Cache-Control", "no-store");
    res.json({
      status: job.status,
      version: stateVersion(state),
      changing: isChanging(state),
      log: job.status === "RUNNING" ? job.runningLog : null,
    });
  });
  router.all("/annotations/:jobId/state", methodNotAllowed("GET"));

  const signResult = async (req: Request, res: Response) => {
    const { job, state } = await getJob(req, res);
    const seconds = resultLinkSeconds(state, now());
    if (seconds === undefined || job.resultKey === null) return { job, state, link: undefined };
    const fileName = resultFileName(job);
    const url = await signDownload(
      browserS3,
      { bucket: resources.buckets.results, key: job.resultKey },
      { fileName, seconds },
    );
    return { job, state, link: { url, fileName, until: new Date(now().getTime() + seconds * 1_000) } };
  };

  router.get("/annotations/:jobId/result", async (req, res) => {
    const { job, state, link } = await signResult(req, res);
    res.setHeader("Cache-Control", "no-store");
    if (link !== undefined) return res.redirect(302, link.url);
    const back = { href: `/annotations/${job.id}`, text: "Back to the job" };
    if (state.kind === "expired" || state.kind === "archived" || (state.kind === "available" && state.until)) {
      leaveNotice(req, {
        tone: "neutral",
        icon: "archive",
        start: `The result of ${job.inputName} is archived.`,
        text: "Premium restores it.",
      });
      return res.redirect(303, "/subscribe");
    }
    if (state.kind === "restoring") throw new HttpError(409, "The result is being restored.", { link: back });
    if (state.kind === "failed") throw new HttpError(409, "The job failed; it has no result.", { link: back });
    if (state.kind === "cancelled")
      throw new HttpError(409, "The job was cancelled; it has no result.", { link: back });
    throw new HttpError(409, "The job is not finished yet.", { link: back });
  });
  router.all("/annotations/:jobId/result", methodNotAllowed("GET"));

  router.post("/annotations/:jobId/link", async (req, res) => {
    const { link } = await signResult(req, res);
    if (link === undefined) throw new HttpError(409, "The result cannot be downloaded now.");
    res.setHeader("Cache-Control", "no-store");
    res.json(link);
  });
  router.all("/annotations/:jobId/link", methodNotAllowed("POST"));

  router.get("/annotations/:jobId/input", async (req, res) => {
    const { job } = await getJob(req, res);
    requireInput(job);
    const address = { bucket: resources.buckets.inputs, key: job.inputKey };
    res.setHeader("Cache-Control", "no-store");
    res.redirect(302, await signDownload(browserS3, address, { fileName: job.inputName, seconds: INPUT_LINK_SECONDS }));
  });
  router.all("/annotations/:jobId/input", methodNotAllowed("GET"));

  router.get("/annotations/:jobId/log", async (req, res) => {
    const { job, state } = await getJob(req, res);
    const log = await readLog(deps, job, LOG_PAGE_BYTES);
    if (log === undefined) {
      const { sentence, remedy } = noLogWords(state);
      throw new HttpError(404, sentence, {
        remedy,
        link: { href: `/annotations/${job.id}`, text: "Back to the job" },
      });
    }
    sendPage(res, {
      title: `Log of ${job.inputName}`,
      tab: "annotations",
      content: () => logView({ jobId: job.id, inputName: job.inputName, log, version: stateVersion(state) }),
    });
  });
  router.all("/annotations/:jobId/log", methodNotAllowed("GET"));

  router.post("/annotations/:jobId/cancel", async (req, res) => {
    const { job } = await getJob(req, res);
    const cancelled = await cancelJob(db, { userId: job.userId, jobId: job.id, now: now() });
    if (!cancelled) leaveNotice(req, { tone: "info", start: "The job is finished.", text: "Nothing was cancelled." });
    res.redirect(303, `/annotations/${job.id}`);
  });
  router.all("/annotations/:jobId/cancel", methodNotAllowed("POST"));

  router.post("/annotations/:jobId/input/delete", async (req, res) => {
    const { job } = await getJob(req, res);
    const isDeleted = await deleteInput(deps, { inputKey: job.inputKey, now: now() });
    leaveNotice(
      req,
      isDeleted
        ? { tone: "ok", start: `The input ${job.inputName} was deleted.`, text: "Result and log stay." }
        : { tone: "info", start: "Nothing was deleted.", text: "A job on this input waits or runs." },
    );
    res.redirect(303, `/annotations/${job.id}`);
  });
  router.all("/annotations/:jobId/input/delete", methodNotAllowed("POST"));

  router.post("/annotations/:jobId/delete", async (req, res) => {
    const { job } = await getJob(req, res);
    await deleteJobs(deps, job.userId, [job.id]);
    leaveNotice(req, { tone: "ok", start: `${job.title ?? job.inputName} was deleted`, text: "with all its files." });
    res.redirect(303, "/annotations");
  });
  router.all("/annotations/:jobId/delete", methodNotAllowed("POST"));

  router.post("/annotations/:jobId/run-again", async (req, res) => {
    const { job } = await getJob(req, res);
    requireInput(job);
    const queued = await db.transaction().execute(async (trx) => {
      const remedy = "Run it again when some of them are done.";
      await refuseTooManyWaiting(trx, config, { userId: job.userId, remedy });
      return runAgain(trx, job.userId, job.id);
    });
    if (queued) deps.inBackground("outbox flush", () => deps.outbox.flush());
    else leaveNotice(req, { tone: "info", start: "The job is not failed any more.", text: "Nothing was started." });
    res.redirect(303, `/annotations/${job.id}`);
  });
  router.all("/annotations/:jobId/run-again", methodNotAllowed("POST"));

  // A job of its own on the same input, so that both results stay to compare.
  router.post("/annotations/:jobId/annotate-again", async (req, res) => {
    const { job } = await getJob(req, res);
    const { build } = AnnotateAgainBody.parse(req.body ?? {});
    requireInput(job);
    const id = randomUUID();
    const { userId, inputName, inputKey, inputEtag, inputSize, title } = job;
    await queueJob(deps, { id, userId, inputName, inputKey, inputEtag, inputSize, build: build ?? null, title });
    res.redirect(303, `/annotations/${id}`);
  });
  router.all("/annotations/:jobId/annotate-again", methodNotAllowed("POST"));

  async function logExcerpt(job: Job): Promise<string | undefined> {
    if (job.status === "RUNNING") return undefined;
    try {
      const log = await readLog(deps, job, LOG_EXCERPT_BYTES);
      if (job.status === "FAILED") return log?.text;
      return log?.text.split("\n").slice(0, LOG_EXCERPT_LINES).join("\n");
    } catch (error) {
      // The page is worth showing without the excerpt.
      deps.log.warn({ err: error, jobId: job.id }, "log excerpt not read");
      return undefined;
    }
  }
  return router;
}

/** Throws HttpError 410 when the input was deleted. */
function requireInput({ id, inputDeletedAt }: Pick<Job, "id" | "inputDeletedAt">): void {
  if (inputDeletedAt === null) return;
  throw new HttpError(410, "The input was deleted.", {
    remedy: "Send the file again to annotate it again.",
    link: { href: `/annotations/${id}`, text: "Back to the job" },
  });
}

function noSuchJob(): HttpError {
  return new HttpError(404, "There is no such job.", {
    remedy: "The address is wrong, or the job was deleted.",
    link: { href: "/annotations", text: "Your annotations" },
  });
}
