import { expect, it } from "vitest";
import { type ThriceJob, type ThriceRun, thriceChecks } from "./jobs-thrice-report.ts";

const premium: ThriceJob = {
  id: "p",
  status: "COMPLETED",
  attempt: 2,
  isFree: false,
  results: 1,
  logs: 1,
  archives: 0,
  mails: ["p@example.org"],
  email: "p@example.org",
  isWhole: true,
};
const free: ThriceJob = {
  ...premium,
  ...{ id: "f", attempt: 1, isFree: true, results: 0, archives: 1, isWhole: null },
};
const kill = (moment: string, inHand: readonly string[] = []) => ({
  ...{ moment, inHand },
  completed: 1,
  workers: ["i-1"],
  processes: 2,
});
const GOOD: ThriceRun = {
  startedAt: 0,
  endedAt: 1,
  jobCount: 2,
  copies: 2,
  jobs: [premium, free],
  kills: [kill("at 10 %", ["p"]), kill("a"), kill("b"), kill("c"), kill("d")],
  copied: { jobRequests: 2, jobResults: 2, archive: 1 },
  foreign: [{ request: { by: "page", method: "GET", path: "/annotations/p" }, status: 403 }],
  deadLetters: 0,
};
const failed = (run: Partial<ThriceRun>) =>
  thriceChecks({ ...GOOD, ...run })
    .filter(({ ok }) => !ok)
    .map(({ what }) => what.slice(0, 30));
const withJob = (change: Partial<ThriceJob>) => failed({ jobs: [{ ...premium, ...change }, free] });

it("holds for a run in which everything is there once", () => {
  expect(failed({})).toEqual([]);
});

it.each([
  ["a job that failed", { status: "FAILED" }, "every job is completed"],
  ["a second result", { results: 2 }, "every job has one result, in o"],
  ["a Premium user's archive", { archives: 1 }, "every job has one result, in o"],
  ["no log", { logs: 0 }, "every job has one log"],
  ["a torn result", { isWhole: false }, "every stored result is whole, "],
  ["two mails", { mails: ["p@example.org", "p@example.org"] }, "every job has one mail, to its"],
  ["a mail to another", { mails: ["f@example.org"] }, "every job has one mail, to its"],
  ["an attempt too many", { attempt: 3 }, "a job is begun once, and once "],
  ["a lost job that was not begun again", { attempt: 1 }, "a job is begun once, and once "],
])("finds %s", (_, change, what) => {
  expect(withJob(change)).toEqual([what]);
});

it.each([
  ["a job that is not there", { jobs: [premium], copied: { jobRequests: 2, jobResults: 2, archive: 0 } }, 6],
  ["messages that came once", { copied: { jobRequests: 2, jobResults: 1, archive: 1 } }, 1],
  ["a moment without a kill", { kills: GOOD.kills.slice(0, 4) }, 1],
  ["a message set aside", { deadLetters: 1 }, 1],
  ["nobody who asked", { foreign: [] }, 1],
  [
    "somebody who was let in",
    { foreign: [{ request: { by: "API", method: "GET", path: "/api/v1/annotations/p" }, status: 200 }] },
    1,
  ],
] as const)("finds %s", (_, run, count) => {
  expect(failed(run)).toHaveLength(count);
});
