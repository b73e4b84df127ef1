import { bearer, idempotencyKey, limitRequests, requireScope } from "@elastic-gas/shared/accounts/bearer";
import type { RateLimiter } from "@elastic-gas/shared/accounts/rate-limit";
import { currentUser, findCurrentUser } from "@elastic-gas/shared/accounts/sessions";
import { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { openApiDocument } from "@elastic-gas/shared/web/openapi";
import { refuseNames, refuseUnknown } from "@elastic-gas/shared/web/refuse-unknown";
import express, { type Request, type RequestHandler, type Response, Router } from "express";
import type { z } from "zod";
import { largestInput } from "../annotations/check-size.ts";
import { CursorText, cursorText } from "../annotations/cursor.ts";
import { signDownload } from "../annotations/files.ts";
import { type JobState, resultLinkSeconds } from "../annotations/job-state.ts";
import { noLogWords } from "../annotations/job-words.ts";
import { findJob, type Job, type JobRow, listJobs } from "../annotations/queries.ts";
import { type JobLog, readLog } from "../annotations/read-log.ts";
import { cancelJob, deleteJobs } from "../annotations/remove-jobs.ts";
import { resultFileName } from "../annotations/result-file-name.ts";
import { sendResultAs } from "../annotations/results/result-pages.ts";
import { stateOf, statesOf } from "../annotations/state-of.ts";
import { jobIdOfKey, refuseOtherInput, submitBytes, submitUploaded } from "../annotations/submit.ts";
import { createUploadPolicy, NAMELESS } from "../annotations/upload.ts";
import { dropRest } from "../masks/upload/multipart.ts";
import type { Deps } from "../web/deps.ts";
import { OPERATIONS, type OperationId } from "./annotation-operations.ts";
import {
  type ApiJob,
  type ApiJobWithSummary,
  type ApiList,
  type ApiSubmitted,
  type ApiUpload,
  JobParams,
  ListQuery,
  ResultQuery,
  SubmitQuery,
  SubmitUploaded,
  UploadBody,
} from "./annotation-schemas.ts";
import { apiErrors, apiMethodNotAllowed } from "./answers.ts";
import { IN_WORDS } from "./issue-words.ts";
import { ANNOTATION_API } from "./openapi.ts";
import { readUpload } from "./read-upload.ts";

const LOG_MAX_BYTES = 1_048_576;
const UNFINISHED = "# Not finished: the job runs. The whole log comes with its end.";

export interface AnnotationApiDeps extends Deps {
  readonly requestLimit: RateLimiter;
}

/**
 * Annotations for scripts, at /api/v1. It signs in by tokens, so mount it before sessions, body parsers and the CSRF
 * check. Every failure is `{"success":false,"error":{"code":...,"message":"..."}}`.
 */
export function annotationApi(deps: AnnotationApiDeps): Router {
  const router = Router();
  const handlers = apiHandlers(deps);
  const guards: readonly RequestHandler[] = [
    bearer({ db: deps.db, audience: "user", now: () => deps.now().getTime() }),
    requireToken,
    limitRequests(deps.requestLimit),
    requireScope("write"),
  ];
  router.use((_req, res, next) => {
    res.setHeader("Cache-Control", "no-store");
    next();
  });
  const methods = new Map<string, string[]>();
  for (const operation of OPERATIONS) {
    const route = operation.path.replaceAll(/\{(\w+)\}/g, ":$1");
    const before = "isOpen" in operation ? [] : guards;
    const parse = "body" in operation ? [express.json({ limit: "10kb" })] : [];
    router[operation.method](route, ...before, ...parse, refuseUnknown(operation), handlers[operation.id]);
    methods.set(route, [...(methods.get(route) ?? []), operation.method.toUpperCase()]);
  }
  for (const [route, allowed] of methods) router.all(route, apiMethodNotAllowed(...allowed));
  router.use((error: unknown, req: Request, _res: Response, next: (error: unknown) => void) => {
    // Senders read the answer only when their body is sent.
    dropRest(req);
    next(error);
  });
  router.use(apiErrors(deps.log));
  return router;
}

const requireToken: RequestHandler = (_req, res, next) => {
  if (findCurrentUser(res) !== undefined) return next();
  res.setHeader("WWW-Authenticate", "Bearer");
  throw new HttpError(401, "Send a token: Authorization: Bearer egu_... It is made on the page API tokens.");
};

function apiHandlers(deps: AnnotationApiDeps): Readonly<Record<OperationId, RequestHandler>> {
  const { db, browserS3, resources, now } = deps;

  const getJob = async (req: Request, res: Response): Promise<Job> => {
    const { id } = JobParams.parse(req.params, IN_WORDS);
    const found = await findJob(db, currentUser(res).id, id.toLowerCase());
    // Whether another user has it is nobody's business.
    if (found.kind !== "found") throw new HttpError(404, "There is no such annotation.");
    return found.job;
  };
  const answerSubmitted = (req: Request, res: Response, { id, status, build }: Job) => {
    const statusUrl = addressOf(req, id);
    res.status(202).location(statusUrl);
    res.json({ id, status, build, statusUrl } satisfies z.infer<typeof ApiSubmitted>);
  };
  const present = async (req: Request, res: Response, job: Job) =>
    presentJob(req, job, await stateOf(deps, currentUser(res).role, job));

  return {
    getDocument: (_req, res) => void res.json(openApiDocument(OPERATIONS, ANNOTATION_API)),

    async submit(req, res) {
      const user = currentUser(res);
      if (req.is("application/json")) {
        // All of it is in the body; a build in the address would be overlooked.
        refuseNames(Object.keys(req.query), [], "parameter");
        const { key, build = null, name = null } = SubmitUploaded.parse(req.body ?? {}, IN_WORDS);
        return answerSubmitted(req, res, await submitUploaded(deps, user, { key, build, title: name }));
      }
      const given = SubmitQuery.parse(req.query, IN_WORDS);
      const key = idempotencyKey(req.get("idempotency-key"));
      const jobId = key === undefined ? undefined : jobIdOfKey(user.id, key);
      const body = await readUpload(req, largestInput(deps.config, user));
      refuseNames(body.fields.keys(), Object.keys(SubmitQuery.shape), "field");
      const {
        filename = body.fileName ?? NAMELESS,
        build = null,
        name = null,
      } = SubmitQuery.parse(
        {
          ...Object.fromEntries(body.fields),
          ...given,
        },
        IN_WORDS,
      );
      const known = jobId === undefined ? undefined : await findJob(db, user.id, jobId);
      const job =
        known?.kind === "found"
          ? known.job
          : await submitBytes(deps, user, { fileName: filename, bytes: body.bytes, build, title: name, jobId });
      // Also of two at once, of which the second finds the job of the first.
      if (jobId !== undefined) refuseOtherInput(job, { bytes: body.bytes, build });
      return answerSubmitted(req, res, job);
    },

    async createUpload(req, res) {
      const user = currentUser(res);
      const { filename } = UploadBody.parse(req.body ?? {}, IN_WORDS);
      const policy = await createUploadPolicy(deps, { userId: user.id, role: user.role, fileName: filename });
      const { url, fields } = policy;
      res.status(201).json({ url, fields, key: fields.key ?? "" } satisfies z.infer<typeof ApiUpload>);
    },

    async list(req, res) {
      const user = currentUser(res);
      const { status: filter, q: search, older } = ListQuery.parse(req.query, IN_WORDS);
      const list = await listJobs(db, { userId: user.id, filter, search, older: CursorText.parse(older) });
      const states = await statesOf(deps, user.role, list.jobs);
      const last = list.jobs.at(-1);
      res.json({
        annotations: list.jobs.flatMap((job, index) => {
          const state = states[index];
          return state === undefined ? [] : [presentJob(req, job, state)];
        }),
        older: list.hasOlder && last !== undefined ? cursorText(last) : null,
      } satisfies z.infer<typeof ApiList>);
    },

    async getStatus(req, res) {
      const job = await getJob(req, res);
      const summary = JobSummary.omit({ firstRecords: true }).safeParse(job.summary);
      res.json({
        ...(await present(req, res, job)),
        summary: job.status === "COMPLETED" && summary.success ? summary.data : null,
      } satisfies z.infer<typeof ApiJobWithSummary>);
    },

    async getResult(req, res) {
      const job = await getJob(req, res);
      const state = await stateOf(deps, currentUser(res).role, job);
      const seconds = resultLinkSeconds(state, now());
      if (seconds === undefined || job.resultKey === null) throw new HttpError(409, noResult(state));
      const { format } = ResultQuery.parse(req.query, IN_WORDS);
      if (format !== "vcf") return sendResultAs(deps, res, { job, format });
      const address = { bucket: resources.buckets.results, key: job.resultKey };
      return res.redirect(302, await signDownload(browserS3, address, { fileName: resultFileName(job), seconds }));
    },

    async getLog(req, res) {
      const job = await getJob(req, res);
      const log = await readLog(deps, job, LOG_MAX_BYTES);
      if (log === undefined) {
        const { sentence, remedy } = noLogWords(await stateOf(deps, currentUser(res).role, job));
        throw new HttpError(409, `${sentence} ${remedy}`);
      }
      res.setHeader("X-Log-State", logState(log));
      res.type("text/plain").send(log.isUnfinished ? `${UNFINISHED}\n${log.text}` : log.text);
    },

    async cancel(req, res) {
      const job = await getJob(req, res);
      if (!(await cancelJob(db, { userId: job.userId, jobId: job.id, now: now() })))
        throw new HttpError(409, "The job is finished; there is nothing to cancel.");
      res.json(await present(req, res, await getJob(req, res)));
    },

    async remove(req, res) {
      const job = await getJob(req, res);
      await deleteJobs(deps, job.userId, [job.id]);
      res.status(204).end();
    },
  };
}

function presentJob(req: Request, job: JobRow, state: JobState): z.infer<typeof ApiJob> {
  const url = addressOf(req, job.id);
  const isThere = state.kind === "available" && job.resultKey !== null;
  return {
    id: job.id,
    status: job.status,
    name: job.title ?? job.inputName,
    fileName: job.inputName,
    sizeBytes: job.inputSize,
    build: job.build,
    submittedAt: job.submittedAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    completedAt: job.completedAt?.toISOString() ?? null,
    archivedAt: job.archivedAt?.toISOString() ?? null,
    progressPercent: job.status === "RUNNING" ? job.progressPercent : null,
    place: state.kind === "queued" ? (state.place ?? null) : null,
    estimateSeconds: state.kind === "queued" ? (state.seconds ?? null) : null,
    failure: job.failure,
    cancelled: state.kind === "cancelled",
    resultUrl: isThere ? `${url}/result` : null,
    resultUntil: isThere ? (state.until?.toISOString() ?? null) : null,
    logUrl: job.hasLog === 1 ? `${url}/log` : null,
    statusUrl: url,
  };
}

/** By the address that the caller used, which it can reach. */
function addressOf(req: Request, jobId: string): string {
  return `${req.protocol}://${req.get("host") ?? ""}/api/v1/annotations/${jobId}`;
}

function logState({ isUnfinished, cut }: JobLog): "unfinished" | "start" | "whole" {
  if (isUnfinished) return "unfinished";
  return cut ? "start" : "whole";
}

function noResult(state: JobState): string {
  switch (state.kind) {
    case "queued":
    case "running":
      return "The job is not finished yet.";
    case "failed":
      return "The job failed; it has no result.";
    case "cancelled":
      return "The job was cancelled; it has no result.";
    case "restoring":
      return "The result is being restored.";
    case "available":
    case "expired":
    case "archived":
      return "The result is archived. Premium restores it.";
  }
}
