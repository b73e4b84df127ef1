import { readFile } from "node:fs/promises";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { cleanLine } from "@elastic-gas/shared/clean-file-name";
import { userAppUrl } from "@elastic-gas/shared/config";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { VCF_SAMPLES, vcfSamplePath } from "@elastic-gas/shared/samples";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { FetchFile } from "../fetching/fetch-file.ts";
import type { Deps } from "../web/deps.ts";
import { leaveNotice } from "../web/pages.ts";
import { abortWhenSenderLeaves } from "../web/sender-gone.ts";
import { BuildField } from "./build-choice.ts";
import { largestInput } from "./check-size.ts";
import { findLastBuild, type Job } from "./queries.ts";
import { submitBytes, submitUploaded } from "./submit.ts";
import { createUploadPolicy, uploadCeiling } from "./upload.ts";
import { type AddressRefusal, annotateView } from "./views/annotate.ts";

/** As much as a request may carry; a larger file is sent to the storage by its owner. */
const MAX_FETCHED_BYTES = 32 * 2 ** 20;

const PolicyBody = z.object({ fileName: z.string().min(1, "A file name is needed.").max(1_000) });
const Title = z
  .string()
  .overwrite(cleanLine)
  .max(100, "A name has at most 100 characters.")
  .default("")
  .transform((title) => (title === "" ? null : title));
const SubmittedQuery = z.object({
  bucket: z.string("This address lacks the bucket."),
  key: z.string("This address lacks the key.").max(1_024),
  build: BuildField,
  title: Title,
});

const PasteBody = z.object({
  text: z.string().min(1, "Paste the lines of a VCF file."),
  fileName: z.string().max(1_000).default("pasted.vcf"),
  build: BuildField,
  title: Title,
});
const AddressBody = z.object({
  url: z.string().trim().min(1, "Enter the address of a VCF file.").max(2_000),
  build: BuildField,
  title: Title,
});
const SampleBody = z.object({ file: z.string().max(100) });

export interface AnnotatePagesDeps extends Deps {
  /** Fetches a file by its address; `createFileFetcher(VCF)` in production. */
  readonly fetchVcf: FetchFile;
}

/** `/annotate` and what is below it: from a file to a queued job. Mount behind `requireUser`. */
export function annotatePages(deps: AnnotatePagesDeps): Router {
  const { config, resources, sendPage, fetchVcf } = deps;
  const router = Router();

  const sendForm = async (res: Response, refused?: AddressRefusal): Promise<void> => {
    const user = currentUser(res);
    const redirectTo = `${userAppUrl(config)}/annotate/job`;
    const [policy, lastBuild] = await Promise.all([
      createUploadPolicy(deps, { userId: user.id, role: user.role, redirectTo }),
      findLastBuild(deps.db, user.id),
    ]);
    const premium = user.role === "premium_user";
    sendPage(res, {
      title: "Annotate",
      tab: "annotate",
      status: refused?.status ?? 200,
      content: (page) =>
        annotateView({
          role: user.role,
          policy,
          maxBytes: largestInput(deps.config, user),
          csrf: page.csrf,
          refused,
          lastBuild,
          retention:
            config.INPUT_RETENTION_DAYS === 0
              ? "your file when you delete its job"
              : `your file ${formatCountOf(config.INPUT_RETENTION_DAYS, "day")} after its last job, or with it`,
          ceilingBytes: uploadCeiling(user.role, config),
          plan: premium
            ? "Premium: results stay available"
            : `Free: up to ${formatBytes(config.FREE_MAX_BYTES)} a file, results for ${formatDuration(config.FREE_RETENTION_SECONDS)} after completion`,
        }),
    });
  };
  router.get("/annotate", (_req, res) => sendForm(res));
  router.all("/annotate", methodNotAllowed("GET"));

  router.post("/annotate/policy", async (req, res) => {
    const user = currentUser(res);
    const { fileName } = PolicyBody.parse(req.body);
    res.json(await createUploadPolicy(deps, { userId: user.id, role: user.role, fileName }));
  });
  router.all("/annotate/policy", methodNotAllowed("POST"));

  router.get("/annotate/job", async (req, res) => {
    const { bucket, key, build, title } = SubmittedQuery.parse(req.query);
    if (bucket !== resources.buckets.inputs) throw new HttpError(404, "There is no such upload.");
    const job = await submitUploaded(deps, currentUser(res), { key, build: build ?? null, title });
    confirm(req, res, job);
  });
  router.all("/annotate/job", methodNotAllowed("GET"));

  router.post("/annotate/paste", async (req, res) => {
    const { text, fileName, build, title } = PasteBody.parse(req.body);
    const bytes = Buffer.from(text.replaceAll("\r\n", "\n"), "utf8");
    confirm(req, res, await submitBytes(deps, currentUser(res), { fileName, bytes, build: build ?? null, title }));
  });
  router.all("/annotate/paste", methodNotAllowed("POST"));

  router.post("/annotate/address", async (req, res) => {
    const { url, build, title } = AddressBody.parse(req.body);
    const user = currentUser(res);
    // A file above the plan's limit is refused by the plan's own words, up to what is fetched at all.
    const maxBytes = Math.min(uploadCeiling(user.role, config), MAX_FETCHED_BYTES);
    try {
      const { fileName, bytes } = await fetchVcf(url, { signal: abortWhenSenderLeaves(res), maxBytes });
      confirm(req, res, await submitBytes(deps, user, { fileName, bytes, build: build ?? null, title }));
    } catch (error) {
      // What is wrong with the address, beside the address; the rest has a page of its own.
      if (!(error instanceof HttpError) || error.status !== 422) throw error;
      await sendForm(res, { status: error.status, address: url, sentence: error.message });
    }
  });
  router.all("/annotate/address", methodNotAllowed("POST"));

  router.post("/annotate/sample", async (req, res) => {
    const { file } = SampleBody.parse(req.body);
    const sample = VCF_SAMPLES.find((each) => each.file === file);
    if (sample === undefined) throw new HttpError(404, "There is no such sample.");
    const bytes = await readFile(vcfSamplePath(sample));
    confirm(req, res, await submitBytes(deps, currentUser(res), { fileName: file, bytes, build: null, title: null }));
  });
  router.all("/annotate/sample", methodNotAllowed("POST"));
  return router;
}

/** The confirmation is the job's own page, which changes by itself. */
function confirm(req: Request, res: Response, job: Job): void {
  const email = currentUser(res).email;
  const mail =
    email === null
      ? "Enter an e-mail address in your profile to get an e-mail when it is done."
      : `We will e-mail ${email} when it is done.`;
  if (job.status === "PENDING" || job.status === "RUNNING")
    leaveNotice(req, { tone: "ok", start: "Request received.", text: mail });
  res.redirect(303, `/annotations/${job.id}`);
}
