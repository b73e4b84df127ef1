import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatOrdinal } from "@elastic-gas/shared/format/numbers";
import type { IconName } from "@elastic-gas/shared/ui/icons";
import type { Note, StateWord } from "@elastic-gas/shared/ui/states";
import type { JobState } from "./job-state.ts";

/** Word and grey detail of a state, as in lists and headings. */
export function stateWord(state: JobState): { readonly word: StateWord; readonly detail: string } {
  switch (state.kind) {
    case "queued":
      return {
        word: "queued",
        detail:
          state.place === undefined
            ? ""
            : `${formatOrdinal(state.place)} of ${state.waiting}${state.seconds === undefined ? "" : `, about ${formatDuration(state.seconds)}`}`,
      };
    case "running":
      return { word: "running", detail: state.percent === null ? "" : `${state.percent}\u00a0%` };
    case "failed":
      return { word: "failed", detail: "" };
    case "cancelled":
      return { word: "cancelled", detail: "" };
    case "available":
      return { word: "completed", detail: "" };
    case "expired":
      return { word: "being archived", detail: "" };
    case "archived":
      return { word: "archived", detail: "" };
    case "restoring":
      return { word: "being restored", detail: "" };
  }
}

/** Splits a failure into its first sentence, which is set in bold, and the rest. */
export function splitSentence(text: string): { readonly first: string; readonly rest: string } {
  const end = /[.!?](\s|$)/.exec(text);
  if (end === null) return { first: text, rest: "" };
  return { first: text.slice(0, end.index + 1), rest: text.slice(end.index + 1).trim() };
}

/** The one note of a job's page: what the state means for the reader, and what to do. `clock` writes an instant. */
export function jobNote(
  state: JobState,
  { retentionSeconds, clock }: { readonly retentionSeconds: number; readonly clock: (at: Date) => string },
): Note | undefined {
  const upgrade = { href: "/subscribe", text: "Upgrade to Premium" };
  const free = `Free results can be downloaded for ${formatDuration(retentionSeconds)}.`;
  switch (state.kind) {
    case "queued":
    case "running":
      return undefined;
    case "available":
      // The countdown is markup of its own; see the view.
      return undefined;
    case "failed": {
      const { first, rest } = splitSentence(state.sentence);
      // A limit of the Free plan is named by its sentence: see annotator's textLimit.
      const isPlanLimit = state.sentence.includes("limit of the Free plan");
      return { tone: "bad", start: first, text: rest, ...(isPlanLimit ? { action: upgrade } : {}) };
    }
    case "cancelled":
      return {
        tone: "neutral",
        icon: "ring-cross",
        start: `You cancelled this job at ${clock(state.at)}.`,
        text: "The input is kept: the job can be run again, or deleted.",
      };
    case "expired":
      return {
        tone: "neutral",
        icon: "archive",
        start: `The time to download ended at ${clock(state.at)}.`,
        text: `${free} The result is being archived; Premium keeps it.`,
        action: upgrade,
      };
    case "archived":
      return {
        tone: "neutral",
        icon: "archive",
        start: `Archived on ${clock(state.at)}.`,
        text: `${free} Premium restores all your archived results. Log and summary stay.`,
        action: upgrade,
      };
    case "restoring":
      return { tone: "info", icon: "clock", start: restoringStart(state), text: "This page changes by itself." };
  }
}

function restoringStart({ tier, askedAt }: Extract<JobState, { kind: "restoring" }>): string {
  if (askedAt === null || tier === null) return "Being restored (the request to the archive is being sent).";
  return tier === "Expedited"
    ? "Being restored (Expedited, usually 1 to 5\u00a0min)."
    : `Being restored (${tier}, usually 3 to 5\u00a0h, because Expedited had no capacity).`;
}

export interface Step {
  readonly name: string;
  readonly look: "done" | "now" | "bad" | "mute" | "todo";
  readonly icon: IconName | undefined;
  readonly at: Date | null;
  readonly detail: string;
}

export interface StepTimes {
  readonly submittedAt: Date;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  readonly archivedAt: Date | null;
}

/** Uploaded, queued, annotated, saved, available: how far the job is. */
export function jobSteps(state: JobState, times: StepTimes): readonly Step[] {
  const { submittedAt, startedAt, completedAt } = times;
  const done = (name: string, at: Date | null, detail = ""): Step => ({
    name,
    look: "done",
    icon: "check",
    at,
    detail,
  });
  const todo = (name: string): Step => ({ name, look: "todo", icon: undefined, at: null, detail: "" });
  const span = (from: Date | null, to: Date | null) =>
    from === null || to === null ? "" : formatDuration(Math.max(0, to.getTime() - from.getTime()) / 1_000);
  const uploaded = done("Uploaded", submittedAt);
  const queued = done("Queued", null, span(submittedAt, startedAt));
  const tail = [todo("Saved"), todo("Available")];
  switch (state.kind) {
    case "queued":
      return [
        uploaded,
        { name: "Queued", look: "now", icon: "dashed-ring", at: null, detail: stateWord(state).detail },
        todo("Annotated"),
        ...tail,
      ];
    case "running":
      return [
        uploaded,
        queued,
        { name: "Annotating", look: "now", icon: "half-disc", at: startedAt, detail: stateWord(state).detail },
        ...tail,
      ];
    case "failed":
      return [uploaded, queued, { name: "Failed", look: "bad", icon: "cross", at: completedAt, detail: "" }, ...tail];
    case "cancelled":
      return [uploaded, { name: "Cancelled", look: "mute", icon: "cross", at: state.at, detail: "" }, ...tail];
    case "available":
    case "expired":
    case "archived":
    case "restoring":
      break;
  }
  const finished = [
    uploaded,
    queued,
    done("Annotated", null, span(startedAt, completedAt)),
    done("Saved", completedAt),
  ];
  switch (state.kind) {
    case "available":
      return state.until === undefined
        ? [...finished, done("Available", null, "for as long as you are Premium")]
        : [...finished, { name: "Available", look: "now", icon: "clock", at: state.until, detail: "then archived" }];
    case "expired":
      return [...finished, { name: "Being archived", look: "mute", icon: "archive", at: state.at, detail: "" }];
    case "archived":
      return [...finished, { name: "Archived", look: "mute", icon: "archive", at: state.at, detail: "" }];
    case "restoring":
      return [
        ...finished,
        { name: "Archived", look: "done", icon: "archive", at: times.archivedAt, detail: "" },
        { name: "Restoring", look: "now", icon: "clock", at: state.askedAt, detail: state.tier ?? "" },
      ];
  }
}

/** Why there is no log. */
export function noLogWords({ kind }: JobState): { readonly sentence: string; readonly remedy: string } {
  if (kind === "queued") return { sentence: "There is no log yet.", remedy: "It begins when the job runs." };
  if (kind === "failed" || kind === "cancelled")
    return { sentence: "This job ended without a log.", remedy: "The job's page says why." };
  return { sentence: "There is no log.", remedy: "It was deleted." };
}

/** Why a result cannot be read now, and what to do about it. */
export function noResultWords(state: JobState): { readonly sentence: string; readonly remedy: string } {
  switch (state.kind) {
    case "queued":
    case "running":
      return { sentence: "This job has no result yet.", remedy: "The job's page shows when it is completed." };
    case "failed":
    case "cancelled":
      return { sentence: "This job ended without a result.", remedy: "The job's page says why and what to do." };
    case "available":
    case "expired":
    case "archived":
      return { sentence: "The result is archived.", remedy: "Premium restores it. Its log and summary stay." };
    case "restoring":
      return { sentence: "The result is being restored.", remedy: "The job's page shows when it is back." };
  }
}
