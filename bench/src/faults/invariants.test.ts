import { describe, expect, it } from "vitest";
import type { Evidence, FinalJob, FinalListing, RequestRecord } from "./evidence.ts";
import { checkInvariants, ruleOfThree } from "./invariants.ts";

const AT = 1_000_000;
const request = (changes: Partial<RequestRecord>): RequestRecord => ({
  kind: "page",
  at: AT,
  ms: 20,
  status: 200,
  failure: null,
  hasRetryAfter: false,
  ...changes,
});
const job: FinalJob = {
  userId: 7,
  status: "COMPLETED",
  failure: null,
  role: "free_user",
  archiveState: "archived",
  isDueForArchive: true,
};
const worker = { id: "i-1", pool: "web", intentId: "launch-1", isIntended: true } as const;
const final: FinalListing = {
  usernames: new Set(["ann"]),
  jobs: new Map([
    ["job", job],
    ["bad", { ...job, status: "FAILED", failure: "The file is not a VCF.", archiveState: "kept" }],
  ]),
  results: [
    { jobId: "job", userId: 7, key: "dev/7/job~a.annot.vcf" },
    { jobId: "job", userId: 7, key: "dev/7/job~a.vcf.count.log" },
  ],
  mails: [
    { jobId: "job", to: "ann@example.org" },
    { jobId: "bad", to: "ann@example.org" },
  ],
  subscriptions: [
    { userId: 7, ended: true },
    { userId: 7, ended: false },
  ],
  workers: [
    worker,
    { ...worker, id: "i-2", pool: "annotator", intentId: "launch-2" },
    { ...worker, id: "i-3", pool: "utility", intentId: "launch-3" },
  ],
  desired: { web: 1, annotator: 1, utility: 1 },
};
const submission = { at: AT, jobId: "job", userId: 7, email: "ann@example.org", records: 5 };
const size = { at: AT, pool: "web", desired: 1, min: 1, max: 4, staying: 1 } as const;
const fault = { name: "SES fails for 3 min", from: AT, to: AT + 180_000, notMade: null, hits: 3 };

/** A run in which every invariant was tried and held. */
const GOOD: Evidence = {
  faults: [fault],
  resizes: [{ from: AT, to: AT + 60_000 }],
  requests: [
    request({}),
    request({ status: 503, hasRetryAfter: true }),
    request({ kind: "other's job", status: 404 }),
    // Fails during a fault, not during a resize.
    request({ at: AT + 90_000, status: 500 }),
    request({ at: AT + 90_000, status: null, failure: "reset" }),
  ],
  registrations: [{ at: AT, username: "ann" }],
  submissions: [submission, { ...submission, jobId: "bad", records: null }],
  downloads: [
    { at: AT, jobId: "job", sha256: "aaaa", records: 5 },
    { at: AT + 1, jobId: "job", sha256: "aaaa", records: 5 },
  ],
  payments: [
    { at: AT, userId: 7 },
    { at: AT + 9, userId: 7 },
  ],
  sizes: [size],
  told: [{ at: AT + 100_000, what: "utility: mails wait" }],
  expectations: [{ at: AT, what: "one of two autoscalers decides", failure: null }],
  final,
};

const failed = (evidence: Evidence) =>
  checkInvariants(evidence).flatMap(({ name, failures }) => (failures.length > 0 ? [name.split(/[:,]/)[0]] : []));
const finally_ = (changes: Partial<FinalListing>): Evidence => ({ ...GOOD, final: { ...final, ...changes } });
const withJob = (id: string, changes: Partial<FinalJob>): Evidence =>
  finally_({ jobs: new Map([...final.jobs, [id, { ...job, ...changes }]]) });

it("a history in which all went well passes, every invariant with something to look at", () => {
  expect(failed(GOOD)).toEqual([]);
  expect(checkInvariants(GOOD).filter(({ n }) => n === 0)).toEqual([]);
});

describe("a broken history is refused:", () => {
  it.each<[string, string, Evidence]>([
    [
      "something that stopped",
      "what a fault must not stop goes on",
      { ...GOOD, expectations: [{ at: AT, what: "one of two autoscalers decides", failure: "18 checks in 30 s" }] },
    ],
    ["an account that is gone", "no acknowledged account is lost", finally_({ usernames: new Set() })],
    ["a job that is gone", "no acknowledged job is lost", finally_({ jobs: new Map([["bad", job]]) })],
    ["a job that never ends", "no acknowledged job is lost", withJob("job", { status: "RUNNING" })],
    ["a good file that failed", "no acknowledged job is lost", withJob("job", { status: "FAILED" })],
    ["a bad file that succeeded", "no acknowledged job is lost", withJob("bad", {})],
    ["a bad file without a sentence", "no acknowledged job is lost", withJob("bad", { status: "FAILED" })],
    [
      "two results of a job",
      "no second result",
      finally_({ results: [...final.results, { jobId: "job", userId: 7, key: "dev/7/job~2.annot.vcf" }] }),
    ],
    [
      "a result below another user's key",
      "no second result",
      finally_({ results: [{ jobId: "job", userId: 8, key: "dev/8/job~a.annot.vcf" }] }),
    ],
    [
      "a result of nobody's job",
      "no second result",
      finally_({ results: [{ jobId: "none", userId: 7, key: "dev/7/none~a.annot.vcf" }] }),
    ],
    [
      "another file at the second download",
      "every download of a job is the same file",
      { ...GOOD, downloads: [...GOOD.downloads, { at: AT + 2, jobId: "job", sha256: "bbbb", records: 5 }] },
    ],
    [
      "a download that lacks records",
      "every download of a job is the same file",
      { ...GOOD, downloads: [{ at: AT, jobId: "job", sha256: "aaaa", records: 4 }] },
    ],
    ["no mail", "every job that ended has its mail", finally_({ mails: final.mails.slice(1) })],
    [
      "a mail to somebody else",
      "every job that ended has its mail",
      finally_({ mails: final.mails.map((mail) => ({ ...mail, to: "bob@example.org" })) }),
    ],
    [
      "a result that is not archived",
      "a Free user's result that is due is archived",
      withJob("job", { archiveState: "archiving" }),
    ],
    [
      "a Premium user's result that stays in the archive",
      "a Free user's result that is due is archived",
      withJob("job", { role: "premium_user" }),
    ],
    ["two subscriptions for one payment", "no second charge", { ...GOOD, payments: GOOD.payments.slice(1) }],
    [
      "two subscriptions at a time",
      "no second charge",
      finally_({ subscriptions: final.subscriptions.map((each) => ({ ...each, ended: false })) }),
    ],
    [
      "a page that failed",
      "no request fails while the pool is resized",
      { ...GOOD, requests: [request({ status: 502 })] },
    ],
    [
      "a 503 without Retry-After",
      "no request fails while the pool is resized",
      { ...GOOD, requests: [request({ status: 503 })] },
    ],
    [
      "a page without an answer",
      "no request fails while the pool is resized",
      { ...GOOD, requests: [request({ status: null, failure: "reset" })] },
    ],
    [
      "an answer after minutes",
      "every request is answered within 65 s",
      { ...GOOD, requests: [request({ at: AT + 90_000, ms: 70_000 })] },
    ],
    ["a pool of none", "1 <= desired <= max", { ...GOOD, sizes: [{ ...size, desired: 0 }] }],
    ["a pool above its maximum", "1 <= desired <= max", { ...GOOD, sizes: [{ ...size, staying: 5 }] }],
    [
      "an instance that nobody intended",
      "no leaked instance",
      finally_({ workers: [{ ...worker, isIntended: false }, ...final.workers.slice(1)] }),
    ],
    [
      "a launch with two instances",
      "no leaked instance",
      finally_({ workers: [...final.workers, { ...worker, id: "i-9" }], desired: { ...final.desired, web: 2 } }),
    ],
    ["an instance too many", "no leaked instance", finally_({ desired: { ...final.desired, utility: 0 } })],
    ["another's job", "no data of another", { ...GOOD, requests: [request({ kind: "other's job" })] }],
    [
      "a link to another's result",
      "no data of another",
      { ...GOOD, requests: [request({ kind: "other's result", status: 302 })] },
    ],
    ["a long fault that nobody was told of", "nothing silent", { ...GOOD, told: [] }],
    ["one that was told of long after", "nothing silent", { ...GOOD, told: [{ at: AT + 240_001, what: "late" }] }],
  ])("%s", (_, name, evidence) => {
    expect(failed(evidence)).toContain(name);
  });
});

it("a fault that could not be made, or was short, need not be told of", () => {
  const short = { ...fault, to: AT + 60_000 };
  expect(failed({ ...GOOD, told: [], faults: [short, { ...fault, notMade: "no root" }] })).toEqual([]);
});

it("the rule of three: no failure in n cases bounds the rate by 3/n", () => {
  expect(ruleOfThree({ n: 300, failures: [] })).toBe(0.01);
  expect(ruleOfThree({ n: 2, failures: [] })).toBe(1);
  expect(ruleOfThree({ n: 0, failures: [] })).toBeNull();
  expect(ruleOfThree({ n: 300, failures: ["one"] })).toBeNull();
});
