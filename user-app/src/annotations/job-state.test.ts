import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  isChanging,
  type JobStateContext,
  jobState,
  resultLinkSeconds,
  type StateColumns,
  stateVersion,
} from "./job-state.ts";
import { jobNote, jobSteps, splitSentence, stateWord } from "./job-words.ts";

const completedAt = new Date("2026-09-08T14:00:00Z");
const later = (seconds: number) => new Date(completedAt.getTime() + seconds * 1_000);

function job(changes: Partial<StateColumns> = {}): StateColumns {
  return {
    id: "b",
    status: "COMPLETED",
    failure: null,
    progressPercent: null,
    completedAt,
    archiveState: "kept",
    archiveTier: null,
    archivedAt: null,
    restoreAskedAt: null,
    cancelledAt: null,
    ...changes,
  };
}
const free = (seconds: number): JobStateContext => ({
  role: "free_user",
  now: later(seconds),
  retentionSeconds: 300,
  waiting: ["a", "b", "c"],
});
const premium = (seconds: number): JobStateContext => ({ ...free(seconds), role: "premium_user" });

test.each([
  ["waits: place in the queue", job({ status: "PENDING" }), free(0), { kind: "queued", place: 2, waiting: 3 }],
  ["waits far behind", job({ status: "PENDING", id: "z" }), free(0), { kind: "queued", place: undefined, waiting: 3 }],
  [
    "waits: about when it is done",
    job({ status: "PENDING" }),
    { ...free(0), paceSeconds: 1.2 },
    { kind: "queued", place: 2, waiting: 3, seconds: 3 },
  ],
  [
    "cancelled",
    job({ status: "FAILED", failure: "x", cancelledAt: later(9) }),
    free(0),
    { kind: "cancelled", at: later(9) },
  ],
  ["runs", job({ status: "RUNNING", progressPercent: 43 }), free(0), { kind: "running", percent: 43 }],
  ["failed", job({ status: "FAILED", failure: "Why." }), free(0), { kind: "failed", sentence: "Why." }],
  ["Free, in time", job(), free(299), { kind: "available", until: later(300) }],
  ["Free, the very end", job(), free(300), { kind: "expired", at: later(300) }],
  ["Free, archiver under way", job({ archiveState: "archiving" }), free(301), { kind: "expired", at: later(300) }],
  [
    "Free, archived",
    job({ archiveState: "archived", archivedAt: later(320) }),
    free(400),
    { kind: "archived", at: later(320) },
  ],
  [
    "Free again while a restore runs",
    job({ archiveState: "restoring" }),
    free(400),
    { kind: "archived", at: later(300) },
  ],
  ["Premium, long after", job(), premium(99_999), { kind: "available", until: undefined }],
  [
    "Premium, caught while archiving",
    job({ archiveState: "archiving" }),
    premium(400),
    { kind: "available", until: undefined },
  ],
  [
    "Premium, restore not yet asked",
    job({ archiveState: "archived" }),
    premium(400),
    { kind: "restoring", tier: null, askedAt: null },
  ],
  [
    "Premium, being restored",
    job({ archiveState: "restoring", archiveTier: "Standard", restoreAskedAt: later(350) }),
    premium(400),
    { kind: "restoring", tier: "Standard", askedAt: later(350) },
  ],
] as const)("%s", (_, row, context, expected) => {
  expect(jobState(row, context)).toEqual(expected);
});

describe("a link to the result", () => {
  it("lives at most a minute and never past the retention", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400_000 }), fc.boolean(), (elapsedMs, isPremium) => {
        const seconds = elapsedMs / 1_000;
        const context = isPremium ? premium(seconds) : free(seconds);
        const lives = resultLinkSeconds(jobState(job(), context), context.now);
        if (isPremium) return lives === 60;
        if (lives === undefined) return seconds > 299;
        return lives >= 1 && lives <= 60 && seconds + lives <= 300;
      }),
    );
  });

  it("is not made for anything but an available result", () => {
    for (const row of [job({ status: "PENDING" }), job({ status: "FAILED" }), job({ archiveState: "archived" })]) {
      expect(resultLinkSeconds(jobState(row, free(1)), later(1))).toBeUndefined();
    }
  });
});

test("the page waits for what may still change, and rests otherwise", () => {
  expect(isChanging(jobState(job({ status: "RUNNING" }), free(0)))).toBe(true);
  expect(isChanging(jobState(job(), free(10)))).toBe(true);
  expect(isChanging(jobState(job({ archiveState: "restoring" }), premium(10)))).toBe(true);
  expect(isChanging(jobState(job(), premium(10)))).toBe(false);
  expect(isChanging(jobState(job({ status: "FAILED" }), free(0)))).toBe(false);
});

test("the version changes with each thing that the page shows", () => {
  const versions = [
    jobState(job({ status: "PENDING" }), free(0)),
    jobState(job({ status: "PENDING", id: "a" }), free(0)),
    jobState(job({ status: "RUNNING", progressPercent: 1 }), free(0)),
    jobState(job({ status: "RUNNING", progressPercent: 2 }), free(0)),
    jobState(job(), free(0)),
    jobState(job(), premium(0)),
    jobState(job(), free(400)),
    jobState(job({ archiveState: "archived" }), free(400)),
    jobState(job({ archiveState: "archived" }), premium(400)),
    jobState(job({ archiveState: "restoring", archiveTier: "Expedited" }), premium(400)),
    jobState(job({ status: "FAILED" }), free(0)),
  ].map(stateVersion);
  expect(new Set(versions).size).toBe(versions.length);
});

describe("the words", () => {
  const clock = (at: Date) => at.toISOString().slice(11, 19);
  const noteOf = (row: StateColumns, context: JobStateContext) =>
    jobNote(jobState(row, context), { retentionSeconds: 300, clock });

  it("name the place in the queue and the progress", () => {
    expect(stateWord(jobState(job({ status: "PENDING", id: "c" }), free(0))).detail).toBe("3rd of 3");
    expect(stateWord(jobState(job({ status: "RUNNING", progressPercent: 43 }), free(0))).detail).toBe("43\u00a0%");
  });

  it("say why a job failed, its first sentence in bold, escaped in the markup", () => {
    const note = noteOf(job({ status: "FAILED", failure: "Line 31 has 7 columns, 8 are needed. Tabs?" }), free(0));
    expect(note).toMatchObject({ tone: "bad", start: "Line 31 has 7 columns, 8 are needed.", text: "Tabs?" });
    expect(splitSentence("VCFv4.2 it is. No")).toEqual({ first: "VCFv4.2 it is.", rest: "No" });
    expect(splitSentence("no stop")).toEqual({ first: "no stop", rest: "" });
  });

  it("offer the upgrade to Free readers only", () => {
    expect(noteOf(job({ archiveState: "archived" }), free(400))?.action?.href).toBe("/subscribe");
    expect(noteOf(job(), free(400))?.action?.href).toBe("/subscribe");
    expect(
      noteOf(job({ archiveState: "restoring", archiveTier: "Standard", restoreAskedAt: later(1) }), premium(400)),
    ).toEqual({
      tone: "info",
      icon: "clock",
      start: "Being restored (Standard, usually 3 to 5\u00a0h, because Expedited had no capacity).",
      text: "This page changes by itself.",
    });
  });

  it("show how far the job is, one step at a time", () => {
    const times = { submittedAt: later(-5), startedAt: later(-2), completedAt, archivedAt: later(320) };
    const looks = (row: StateColumns, context: JobStateContext) =>
      jobSteps(jobState(row, context), times).map(({ name, look }) => `${name}: ${look}`);
    expect(looks(job({ status: "RUNNING" }), free(0))).toEqual([
      "Uploaded: done",
      "Queued: done",
      "Annotating: now",
      "Saved: todo",
      "Available: todo",
    ]);
    expect(looks(job({ status: "FAILED" }), free(0))).toContain("Failed: bad");
    expect(looks(job(), free(1)).at(-1)).toBe("Available: now");
    expect(looks(job({ archiveState: "restoring" }), premium(400)).slice(-2)).toEqual([
      "Archived: done",
      "Restoring: now",
    ]);
    const restoring = jobSteps(jobState(job({ archiveState: "restoring" }), premium(400)), times);
    expect(restoring.find(({ name }) => name === "Archived")?.at).toEqual(later(320));
    expect(jobSteps(jobState(job(), free(1)), times)[1]?.detail).toBe("3\u00a0s");
  });
});
