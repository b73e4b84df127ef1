import { cleanLine } from "@elastic-gas/shared/clean-file-name";
import { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { z } from "zod";
import { BuildName } from "../annotations/build-choice.ts";
import { StrictCursorText } from "../annotations/cursor.ts";

/** What the API takes and gives; the OpenAPI document is made from these. Instants are ISO 8601 in UTC. */
const instant = z.iso.datetime();
const fileName = z.string().min(1, "filename: a name is needed.").max(1_000, "filename: at most 1000 characters.");
const title = z.string().overwrite(cleanLine).min(1, "name: it is empty.").max(100, "name: at most 100 characters.");

export const JobParams = z.object({ id: z.uuid("There is no such annotation.") });
export const SubmitQuery = z.object({
  filename: fileName.optional().describe("Name of the file in a raw body; input.vcf without one"),
  build: BuildName.optional(),
  name: title.optional().describe("A name for the job, shown instead of the file's"),
});
export const UploadBody = z.object({
  filename: fileName,
  build: BuildName.optional().describe(
    "Only checked, so that nobody sends a large file in vain: POST /annotations takes it",
  ),
});
export const SubmitUploaded = z.object({
  key: z.string("key: as POST /uploads gave it.").max(1_024),
  build: BuildName.optional(),
  name: title.optional(),
});
export const ResultQuery = z.object({
  format: z
    .enum(["vcf", "vcf.gz", "vcf.gz.tbi", "tsv", "csv"], { error: "format: vcf, vcf.gz, vcf.gz.tbi, tsv or csv." })
    .default("vcf")
    .describe("vcf.gz is BGZF; tsv and csv have a row for each ALT"),
});
export const ListQuery = z.object({
  status: z
    .enum(["all", "running", "completed", "failed", "archived"], {
      error: "status: one of all, running, completed, failed and archived.",
    })
    .default("all"),
  q: z.string().trim().max(100).default("").describe("Part of a file name or a job's name, or the start of an id"),
  older: z
    .string()
    .max(100)
    // A cursor that is not understood must not mean the first page: a script that follows it would never end.
    .refine((text) => StrictCursorText.safeParse(text).success, "older: send it as an earlier answer gave it.")
    .optional()
    .describe("As `older` of an earlier answer gives it"),
});

const Status = z.enum(["PENDING", "RUNNING", "COMPLETED", "FAILED"]);
export const ApiUpload = z.object({
  /** Where to send the file: a multipart POST with all fields, then the part `file`. */
  url: z.url(),
  fields: z.record(z.string(), z.string()),
  key: z.string(),
});
export const ApiSubmitted = z.object({
  id: z.uuid(),
  status: Status,
  /** As it was chosen, by its one name here: GRCh37 for hg19. Null: to be found out. */
  build: z.string().nullable(),
  statusUrl: z.url(),
});
export const ApiJob = z.object({
  id: z.uuid(),
  status: Status,
  name: z.string(),
  fileName: z.string(),
  sizeBytes: z.number().int(),
  /** As it was chosen, by its one name here; null: to be found out. */
  build: z.string().nullable(),
  submittedAt: instant,
  startedAt: instant.nullable(),
  completedAt: instant.nullable(),
  /** When its result went to the archive; null: it is not there. */
  archivedAt: instant.nullable(),
  /** Of one that runs. */
  progressPercent: z.number().int().nullable(),
  /** Of one that waits: its place in the queue, and in about how many seconds it is done. */
  place: z.number().int().nullable(),
  estimateSeconds: z.number().int().nullable(),
  /** Why it failed, a sentence. */
  failure: z.string().nullable(),
  cancelled: z.boolean(),
  /** Null while there is no result to download: it is not finished, failed, archived or on its way back. */
  resultUrl: z.url().nullable(),
  /** When the download ends; null: never, or there is none. */
  resultUntil: instant.nullable(),
  /** Of one that runs: its log so far. */
  logUrl: z.url().nullable(),
  statusUrl: z.url(),
});
export const ApiJobWithSummary = ApiJob.extend({
  /** What the annotation found; null until it is completed. */
  summary: JobSummary.omit({ firstRecords: true }).nullable(),
});
export const ApiList = z.object({
  annotations: z.array(ApiJob),
  /** For the next page; null when there is none. */
  older: z.string().nullable(),
});
export const ApiFailure = z.object({
  success: z.literal(false),
  error: z.object({ code: z.number().int(), message: z.string() }),
});
