import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatCount, formatCountOf, formatShare } from "@elastic-gas/shared/format/numbers";
import { formatTime } from "@elastic-gas/shared/format/times";
import { z } from "zod";
import { Instant } from "./observation.ts";
import { describeFault, type ReasonReader, WorkerFault } from "./worker-state-reason.ts";

const RequestCounts = z.object({ requests: z.number().int().min(0), failures: z.number().int().min(0) });
export type RequestCounts = z.infer<typeof RequestCounts>;

/** Why an update goes back to the old release. */
export const RollBackReason = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("asked"), by: z.string() }),
  z.object({
    kind: z.literal("workers failed"),
    /** The first of them, and what was wrong with it; null: it ended by itself. */
    instanceId: z.string(),
    fault: WorkerFault.nullable(),
    count: z.number().int().min(1),
    isCanary: z.boolean(),
  }),
  z.object({ kind: z.literal("requests failed"), fresh: RequestCounts, others: RequestCounts }),
]);
export type RollBackReason = z.infer<typeof RollBackReason>;

/** Why an update is over: rolled back, or ended by a start at which no worker ran. */
const EndReason = z.union([RollBackReason, z.object({ kind: z.literal("no workers"), by: z.string() })]);

const Counts = { fresh: z.number().int().min(0), old: z.number().int().min(0) };
const Proof = { instanceId: z.string(), since: Instant, canarySeconds: z.number(), requests: RequestCounts };

/** What an update does in a pool now, as data; `describeStep` makes the sentence. */
export const UpdateStep = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("waiting"), ...Counts }),
  z.object({ kind: z.literal("launching canary"), ...Counts }),
  z.object({ kind: z.literal("proving"), ...Proof }),
  z.object({ kind: z.literal("proved"), ...Proof }),
  z.object({ kind: z.literal("replacing"), ...Counts }),
  z.object({ kind: z.literal("paused"), ...Counts }),
  z.object({ kind: z.literal("rolling back"), ...Counts }),
  z.object({ kind: z.literal("done"), ...Counts }),
  z.object({ kind: z.literal("failed"), because: RollBackReason }),
]);
export type UpdateStep = z.infer<typeof UpdateStep>;

/** A stored step; null where none is, or one of another version. */
export function readStep(stored: unknown): UpdateStep | null {
  return UpdateStep.safeParse(stored).data ?? null;
}

/** The sentence of a step, without the pool's name. */
export function describeStep(step: UpdateStep, reader: ReasonReader): string {
  switch (step.kind) {
    case "waiting":
      return "Waiting until the pools before it are updated.";
    case "launching canary":
      return "Waiting until the first worker of the new release is in service.";
    case "proving": {
      const until = formatTime(step.since + step.canarySeconds * 1_000, "time", { zone: reader.timeZone });
      return `The canary ${step.instanceId} is in service; it must stay so until ${until}${requestWords(step.requests)}.`;
    }
    case "proved":
      return `The canary ${step.instanceId} was in service for ${formatDuration(step.canarySeconds)}${requestWords(step.requests)}.`;
    case "replacing":
      return `${countWords(step)}, one at a time.`;
    case "paused":
      return `Paused. ${countWords(step)}.`;
    case "rolling back":
      return `Going back, one at a time: ${countWords(step, "the old release")}.`;
    case "done":
      return step.fresh === 0
        ? "No workers to replace."
        : `Done: ${formatCountOf(step.fresh, "worker")}, none left to replace.`;
    case "failed":
      return describeRollBack(step.because, reader);
  }
}

/** Why an update is over, in a sentence; null for a stored reason of another version. */
export function describeEnd(stored: unknown, reader: ReasonReader): string | null {
  const reason = EndReason.safeParse(stored).data;
  if (reason === undefined) return null;
  if (reason.kind === "no workers") return `No worker ran when ${reason.by} began: new ones run it from the start.`;
  return describeRollBack(reason, reader);
}

function describeRollBack(reason: RollBackReason, reader: ReasonReader): string {
  switch (reason.kind) {
    case "asked":
      return `${reason.by} asked for it.`;
    case "workers failed": {
      const who = reason.isCanary ? `The canary ${reason.instanceId}` : reason.instanceId;
      const what = reason.fault === null ? "ended by itself" : `failed: ${describeFault(reason.fault, reader)}`;
      const more = reason.count > 1 ? ` ${formatCount(reason.count)} workers of the new release failed in all.` : "";
      return `${who} ${what}.${more}`;
    }
    case "requests failed":
      return `New workers failed ${shareWords(reason.fresh)}, the others ${shareWords(reason.others)}.`;
  }
}

function shareWords({ requests, failures }: RequestCounts): string {
  const share = failures === 0 ? "" : ` (${formatShare(failures / requests, 1)})`;
  return `${formatCount(failures)} of ${formatCountOf(requests, "request")}${share}`;
}

function requestWords(counts: RequestCounts): string {
  return counts.requests === 0 ? "" : `; ${shareWords(counts)} failed`;
}

function countWords({ fresh, old }: { readonly fresh: number; readonly old: number }, release = "the new release") {
  return `${formatCountOf(fresh, "worker")} on ${release}, ${formatCount(old)} still to be replaced`;
}
