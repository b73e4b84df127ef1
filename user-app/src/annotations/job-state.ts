import type { Role } from "@elastic-gas/shared/database/tables";
import type { JobRow } from "./queries.ts";

/**
 * What a reader may know and do about a job:
 *
 *     queued -> running -> available (for ever, or until the retention ends) -> expired -> archived -> restoring -> available
 *                      \-> failed or cancelled
 *
 * `expired`: the time is over by the clock, whether or not the archiver has been there.
 */
export type JobState =
  | { readonly kind: "queued"; readonly place: number | undefined; readonly waiting: number; readonly seconds?: number }
  | { readonly kind: "running"; readonly percent: number | null }
  | { readonly kind: "failed"; readonly sentence: string }
  | { readonly kind: "cancelled"; readonly at: Date }
  | { readonly kind: "available"; readonly until: Date | undefined }
  | { readonly kind: "expired"; readonly at: Date }
  | { readonly kind: "archived"; readonly at: Date }
  | { readonly kind: "restoring"; readonly tier: string | null; readonly askedAt: Date | null };

export interface JobStateContext {
  readonly role: Role;
  readonly now: Date;
  readonly retentionSeconds: number;
  /** Ids of all waiting jobs in order. */
  readonly waiting: readonly string[];
  /** Seconds for each place in the queue; undefined when nobody knows. */
  readonly paceSeconds?: number | undefined;
}

export type StateColumns = Pick<
  JobRow,
  | "id"
  | "status"
  | "failure"
  | "progressPercent"
  | "completedAt"
  | "archiveState"
  | "archiveTier"
  | "archivedAt"
  | "restoreAskedAt"
  | "cancelledAt"
>;

export function jobState(
  job: StateColumns,
  { role, now, retentionSeconds, waiting, paceSeconds }: JobStateContext,
): JobState {
  switch (job.status) {
    case "PENDING": {
      const index = waiting.indexOf(job.id);
      if (index === -1) return { kind: "queued", place: undefined, waiting: waiting.length };
      const place = index + 1;
      const seconds = paceSeconds === undefined ? {} : { seconds: Math.ceil(place * paceSeconds) };
      return { kind: "queued", place, waiting: waiting.length, ...seconds };
    }
    case "RUNNING":
      return { kind: "running", percent: job.progressPercent };
    case "FAILED":
      if (job.cancelledAt !== null) return { kind: "cancelled", at: job.cancelledAt };
      return { kind: "failed", sentence: job.failure ?? "The annotation failed for an unknown reason." };
    case "COMPLETED":
      break;
  }
  const until = new Date((job.completedAt ?? now).getTime() + retentionSeconds * 1_000);
  if (role === "premium_user") {
    // An archived result of a Premium user waits for the restore sweep: for the reader that is the same.
    const back = job.archiveState === "archived" || job.archiveState === "restoring";
    if (back) return { kind: "restoring", tier: job.archiveTier, askedAt: job.restoreAskedAt };
    return { kind: "available", until: undefined };
  }
  switch (job.archiveState) {
    case "archived":
    case "restoring":
      return { kind: "archived", at: job.archivedAt ?? until };
    case "kept":
    case "archiving":
      return now < until ? { kind: "available", until } : { kind: "expired", at: until };
  }
}

const LINK_SECONDS = 60;

/** How long a signed link to the result may live: at most a minute and never past the retention. Undefined: no link. */
export function resultLinkSeconds(state: JobState, now: Date): number | undefined {
  if (state.kind !== "available") return undefined;
  if (state.until === undefined) return LINK_SECONDS;
  const left = Math.floor((state.until.getTime() - now.getTime()) / 1_000);
  return left >= 1 ? Math.min(LINK_SECONDS, left) : undefined;
}

/** Changes whenever the page of the job would; the page's script asks for it. */
export function stateVersion(state: JobState): string {
  switch (state.kind) {
    case "queued":
      return `queued ${state.place ?? "?"} of ${state.waiting}`;
    case "running":
      return `running ${state.percent ?? "?"}`;
    case "restoring":
      return `restoring ${state.tier ?? ""} ${state.askedAt?.toISOString() ?? ""}`;
    case "available":
      return `available ${state.until === undefined ? "always" : "for a time"}`;
    case "failed":
    case "cancelled":
    case "expired":
    case "archived":
      return state.kind;
  }
}

/** True while the page has something to wait for. */
export function isChanging(state: JobState): boolean {
  return (
    state.kind !== "failed" &&
    state.kind !== "cancelled" &&
    state.kind !== "archived" &&
    !(state.kind === "available" && !state.until)
  );
}
