import { z } from "zod";
import type { QueueKey } from "./resources.ts";

/** The newest version that this release reads; raised when a body changes in a way that older releases cannot read. */
const MESSAGE_VERSION = 1;
const version = z.literal(MESSAGE_VERSION);
const jobId = z.uuid();
const userId = z.number().int().positive();

export const JobRequest = z.object({ version, jobId, userId });
export type JobRequest = z.infer<typeof JobRequest>;

export const JobResult = z.object({ version, jobId, userId, outcome: z.enum(["COMPLETED", "FAILED"]) });
export type JobResult = z.infer<typeof JobResult>;

/**
 * `dueAt`: the instant (ISO 8601) at which the result is old enough; a message that comes early is sent again with a
 * delay.
 */
export const ArchiveRequest = z.object({ version, jobId, userId, dueAt: z.iso.datetime() });
export type ArchiveRequest = z.infer<typeof ArchiveRequest>;

export const RestoreRequest = z.object({ version, userId });
export type RestoreRequest = z.infer<typeof RestoreRequest>;

/**
 * `generation`: the value of jobs.archive_generation that this check belongs to; a message of an older one is dropped.
 */
export const ThawCheck = z.object({
  version,
  jobId,
  retrievalId: z.string().min(1),
  generation: z.number().int().min(0),
});
export type ThawCheck = z.infer<typeof ThawCheck>;

/** Whether a body is of a version that only a later release can read. */
export function isNewer(body: unknown): boolean {
  const read = z.looseObject({ version: z.number().int() }).safeParse(body);
  return read.success && read.data.version > MESSAGE_VERSION;
}

/** The body of each queue's messages. */
export const MESSAGE_SCHEMAS = {
  jobRequests: JobRequest,
  jobResults: JobResult,
  archive: ArchiveRequest,
  restore: RestoreRequest,
  thaw: ThawCheck,
} as const satisfies Record<QueueKey, z.ZodType>;

export type MessageOf<Key extends QueueKey> = z.infer<(typeof MESSAGE_SCHEMAS)[Key]>;
