import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { userAppUrl } from "@elastic-gas/shared/config";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { Router } from "express";
import { z } from "zod";
import type { Deps } from "../web/deps.ts";
import { findObject } from "./files.ts";
import { jobState } from "./job-state.ts";
import { countUnfinished, findJob, insertJob, listWaiting } from "./queries.ts";
import { tooManyWaiting } from "./too-many-waiting.ts";
import { BUILDS, createUploadPolicy, parseUploadKey, uploadCeiling } from "./upload.ts";
import { annotateView } from "./views/annotate.ts";
import { submittedView } from "./views/submitted.ts";

const BuildChoice = z.enum(BUILDS).optional().catch(undefined);
const AnnotateQuery = z.object({ build: BuildChoice });
const PolicyBody = z.object({ fileName: z.string().min(1, "A file name is needed.").max(1_000) });
const SubmittedQuery = z.object({
  bucket: z.string("This address lacks the bucket."),
  key: z.string("This address lacks the key.").max(1_024),
  build: BuildChoice,
});

/** `/annotate` and `/annotate/job`: from a file to a queued job. Mount behind `requireUser`. */
export function annotatePages(deps: Deps): Router {
  const { db, s3, config, resources, sendPage } = deps;
  const router = Router();

  router.get("/annotate", async (req, res) => {
    const user = currentUser(res);
    const { build } = AnnotateQuery.parse(req.query);
    const redirectTo = `${userAppUrl(config)}/annotate/job${build === undefined ? "" : `?build=${build}`}`;
    const policy = await createUploadPolicy(deps, { userId: user.id, role: user.role, redirectTo });
    const premium = user.role === "premium_user";
    sendPage(res, {
      title: "Annotate",
      tab: "annotate",
      content: () =>
        annotateView({
          role: user.role,
          policy,
          build,
          maxBytes: premium ? config.PREMIUM_MAX_BYTES : config.FREE_MAX_BYTES,
          ceilingBytes: uploadCeiling(user.role, config),
          plan: premium
            ? "Premium: results stay available"
            : `Free: up to ${formatBytes(config.FREE_MAX_BYTES)} a file, results for ${formatDuration(config.FREE_RETENTION_SECONDS)} after completion`,
        }),
    });
  });
  router.all("/annotate", methodNotAllowed("GET"));

  router.post("/annotate/policy", async (req, res) => {
    const user = currentUser(res);
    const { fileName } = PolicyBody.parse(req.body);
    res.json(await createUploadPolicy(deps, { userId: user.id, role: user.role, fileName }));
  });
  router.all("/annotate/policy", methodNotAllowed("POST"));

  router.get("/annotate/job", async (req, res) => {
    const user = currentUser(res);
    const { bucket, key, build } = SubmittedQuery.parse(req.query);
    const uploaded = bucket === resources.buckets.inputs ? parseUploadKey(resources.prefix, key) : undefined;
    if (uploaded === undefined) throw new HttpError(404, "There is no such upload.");
    if (uploaded.userId !== user.id) throw new HttpError(403, "Not authorized to view this job");

    // A job that is known already needs no object: its page must come also when S3 is down or the input was deleted.
    const known = await findJob(db, user.id, uploaded.jobId);
    if (known.kind === "not yours") throw new HttpError(403, "Not authorized to view this job");
    if (known.kind === "unknown") {
      const object = await findObject(s3, { bucket, key });
      if (object === undefined) {
        throw new HttpError(404, "The upload is not there.", {
          remedy: "It was not finished, or it was deleted. Send the file again.",
          link: { href: "/annotate", text: "Send a file" },
        });
      }
      if (user.role === "free_user" && object.sizeBytes > config.FREE_MAX_BYTES) {
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        const over = formatBytes(object.sizeBytes - config.FREE_MAX_BYTES);
        throw new HttpError(413, `Too large for the Free plan by ${over}.`, {
          remedy: `The Free plan takes up to ${formatBytes(config.FREE_MAX_BYTES)}. Nothing was kept. Premium takes larger files.`,
          link: { href: "/subscribe", text: "Upgrade to Premium" },
        });
      }
      await db.transaction().execute(async (trx) => {
        if ((await countUnfinished(trx, user.id)) >= config.MAX_WAITING_JOBS)
          throw tooManyWaiting(config.MAX_WAITING_JOBS);
        await insertJob(trx, {
          id: uploaded.jobId,
          userId: user.id,
          inputName: uploaded.fileName,
          inputKey: key,
          inputEtag: object.etag,
          inputSize: object.sizeBytes,
          build: build ?? null,
        });
      });
      deps.inBackground("outbox flush", () => deps.outbox.flush());
    }
    const found = await findJob(db, user.id, uploaded.jobId);
    if (found.kind !== "found")
      throw new HttpError(503, "All data were deleted a moment ago.", { retryAfterSeconds: 5 });
    const waiting = found.job.status === "PENDING" ? await listWaiting(db) : [];
    const state = jobState(found.job, {
      role: user.role,
      now: deps.now(),
      retentionSeconds: config.FREE_RETENTION_SECONDS,
      waiting,
    });
    sendPage(res, {
      title: "Request received",
      tab: "annotate",
      content: (page) => submittedView({ job: found.job, jobState: state }, page),
    });
  });
  router.all("/annotate/job", methodNotAllowed("GET"));
  return router;
}
