import { pipeline } from "node:stream/promises";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { HttpError, methodNotAllowed } from "@elastic-gas/shared/web/errors";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Deps } from "../../web/deps.ts";
import { contentDisposition, openObject } from "../files.ts";
import { resultLinkSeconds } from "../job-state.ts";
import { noResultWords } from "../job-words.ts";
import { findJob, type Job } from "../queries.ts";
import { resultFileName } from "../result-file-name.ts";
import { stateOf } from "../state-of.ts";
import { readAlleles } from "./annotated-record.ts";
import { bgzip } from "./bgzip.ts";
import { findRecords, linesOf } from "./find-records.ts";
import { makeFilter, RecordFilter } from "./record-filter.ts";
import { recordsView } from "./records-view.ts";
import { NotIndexable, tabixIndex } from "./tabix-index.ts";
import { type TableFormat, tableHead, tableRow } from "./table-text.ts";

const JobParams = z.object({ jobId: z.uuid() });
const OtherFormat = z.enum(["vcf.gz", "vcf.gz.tbi", "tsv", "csv"], {
  error: "The format is vcf.gz, vcf.gz.tbi, tsv or csv.",
});
type OtherFormat = z.infer<typeof OtherFormat>;
const TYPES: Readonly<Record<OtherFormat, string>> = {
  "vcf.gz": "application/gzip",
  "vcf.gz.tbi": "application/octet-stream",
  tsv: "text/tab-separated-values; charset=utf-8",
  csv: "text/csv; charset=utf-8",
};
/** A page comes within this, also of a result of millions of records. */
const SEARCH_MS = 8_000;
const RECORDS_SHOWN = 200;
/** Below the 55 s of a request. An index is sent when it is whole. */
const INDEX_MS = 45_000;

type ResultDeps = Pick<Deps, "downloads" | "resources">;

/** The whole result as other formats, and its records by filters. Mount behind `requireUser`. */
export function resultPages(deps: Deps): Router {
  const router = Router();

  router.get("/annotations/:jobId/result/:format", async (req, res) => {
    const format = OtherFormat.parse(req.params.format);
    await sendResultAs(deps, res, { job: await getJobWithResult(deps, req, res), format });
  });
  router.all("/annotations/:jobId/result/:format", methodNotAllowed("GET"));

  router.get("/annotations/:jobId/records", async (req, res) => {
    const filter = RecordFilter.parse(req.query);
    const job = await getJobWithResult(deps, req, res);
    const matches = makeFilter(filter);
    const until = performance.now() + SEARCH_MS;
    const found =
      typeof matches === "string"
        ? undefined
        : await findRecords(linesOf(await openResult(deps, res, job)), {
            matches,
            limit: RECORDS_SHOWN,
            isOver: () => performance.now() > until || res.destroyed,
          });
    deps.sendPage(res, {
      title: `Records of ${job.title ?? job.inputName}`,
      tab: "annotations",
      status: found === undefined ? 400 : 200,
      content: () =>
        recordsView({
          jobId: job.id,
          name: job.title ?? job.inputName,
          filter,
          found,
          problem: typeof matches === "string" ? matches : undefined,
          searchSeconds: SEARCH_MS / 1_000,
        }),
    });
  });
  router.all("/annotations/:jobId/records", methodNotAllowed("GET"));
  return router;
}

/** Streams a result, packed or as a table with a row for each ALT. */
export async function sendResultAs(
  deps: ResultDeps,
  res: Response,
  { job, format }: { readonly job: Job; readonly format: OtherFormat },
): Promise<void> {
  const chunks = await openResult(deps, res, job);
  const name = resultFileName(job).replace(/\.vcf$/i, "");
  const index = format === "vcf.gz.tbi" ? await indexOf(chunks, res) : undefined;
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("Content-Type", TYPES[format]);
  res.setHeader("Content-Disposition", contentDisposition(`${name}.${format}`));
  if (index !== undefined) res.end(index);
  else await pipeline(format === "vcf.gz" ? bgzip(chunks) : tableOf(chunks, format === "csv" ? "csv" : "tsv"), res);
}

/** The index of the result's `vcf.gz`. */
async function indexOf(chunks: AsyncIterable<Uint8Array>, res: Response): Promise<Buffer> {
  const until = performance.now() + INDEX_MS;
  try {
    return await tabixIndex(chunks, () => {
      if (performance.now() > until || res.destroyed) throw new NotIndexable("It takes too long here.");
    });
  } catch (error) {
    if (!(error instanceof NotIndexable)) throw error;
    throw new HttpError(
      409,
      `There is no index of this result. ${error.message} Make one from the downloaded file: bcftools sort -O z -o SORTED.vcf.gz FILE, then bcftools index -t SORTED.vcf.gz.`,
    );
  }
}

async function* tableOf(chunks: AsyncIterable<Uint8Array>, format: TableFormat): AsyncGenerator<string> {
  yield tableHead(format);
  for await (const lines of linesOf(chunks)) {
    const rows = lines.flatMap((line) => readAlleles(line).map((allele) => tableRow(allele, format)));
    if (rows.length > 0) yield rows.join("");
  }
}

async function openResult(
  { downloads, resources }: ResultDeps,
  res: Response,
  { resultKey, userId }: Job,
): Promise<AsyncIterable<Uint8Array>> {
  downloads.begin(res, userId);
  const chunks = await openObject(downloads.s3, { bucket: resources.buckets.results, key: resultKey ?? "" });
  if (chunks === undefined) throw new HttpError(409, "The result is not there any more.");
  return chunks;
}

/** The job of the address, if it is the reader's and its result can be downloaded now. */
async function getJobWithResult(deps: Deps, req: Request, res: Response): Promise<Job> {
  const user = currentUser(res);
  const params = JobParams.safeParse(req.params);
  const found = params.success
    ? await findJob(deps.db, user.id, params.data.jobId.toLowerCase())
    : ({ kind: "unknown" } as const);
  if (found.kind === "unknown") throw new HttpError(404, "There is no such job.");
  if (found.kind === "not yours") throw new HttpError(403, "Not authorized to view this job");
  const state = await stateOf(deps, user.role, found.job);
  if (resultLinkSeconds(state, deps.now()) === undefined || found.job.resultKey === null) {
    const { sentence, remedy } = noResultWords(state);
    throw new HttpError(409, sentence, {
      remedy,
      link: { href: `/annotations/${found.job.id}`, text: "Back to the job" },
    });
  }
  return found.job;
}
