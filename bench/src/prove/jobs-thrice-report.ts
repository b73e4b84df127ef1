import { type ForeignAnswer, isLetIn } from "./foreign-requests.ts";
import type { CopiedQueue } from "./message-copies.ts";
import type { Check, Figure, Findings } from "./proof.ts";
import { count, table, timeSpan } from "./words.ts";
import type { WorkerKill } from "./worker-kills.ts";

/** One job with what there is of it in the end. */
export interface ThriceJob {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly isFree: boolean;
  /** Objects in the results bucket. */
  readonly results: number;
  readonly logs: number;
  /** Objects in the archive. */
  readonly archives: number;
  /** Receivers of the mails about it. */
  readonly mails: readonly string[];
  /** Of its owner. */
  readonly email: string;
  /** Whether the stored result is what its row says; null when it lies in the archive. */
  readonly isWhole: boolean | null;
}

export interface ThriceRun {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly jobCount: number;
  /** How many more times each message was sent. */
  readonly copies: number;
  readonly jobs: readonly ThriceJob[];
  readonly kills: readonly WorkerKill[];
  /** Jobs whose first message was copied. */
  readonly copied: Readonly<Record<CopiedQueue, number>>;
  readonly foreign: readonly ForeignAnswer[];
  readonly deadLetters: number;
}

const KILLS = 5;

export function thriceFindings(run: ThriceRun, settings: readonly Figure[]): Findings {
  const { jobs, jobCount, kills, foreign, startedAt, endedAt } = run;
  const checks = thriceChecks(run);
  const attempts = jobs.reduce((sum, { attempt }) => sum + attempt, 0);
  const letIn = foreign.filter(isLetIn);
  return {
    checks,
    figures: [
      { label: "jobs", value: `${count(jobs.filter(isCompleted).length)} of ${count(jobCount)} completed` },
      {
        label: "results, logs, mails",
        value: [storedResults(jobs), sum(jobs, "logs"), mailCount(jobs)].map(count).join(", "),
      },
      { label: "workers killed", value: String(kills.reduce((all, { workers }) => all + workers.length, 0)) },
      { label: "attempts", value: `${count(attempts)}, ${count(attempts - jobs.length)} of them again` },
      { label: "requests of another user", value: `${count(foreign.length)}, ${letIn.length} let in` },
      { label: "first submission to last mail", value: timeSpan(endedAt - startedAt) },
    ],
    settings,
    details: [
      "## Kills",
      "Jobs in hand are those that the killed workers had begun; each is begun once more.",
      table(
        ["moment", "completed by then", "workers", "processes", "jobs in hand"],
        kills.map(({ moment, completed, workers, processes, inHand }) => [
          moment,
          count(completed),
          workers.length,
          processes,
          inHand.length,
        ]),
        { numbers: true },
      ),
      "## Requests of another user",
      "By kind and answer; every page, call and object of a job that does not belong to whoever asks.",
      table(
        ["by", "answer", "requests"],
        [...Map.groupBy(foreign, ({ request, status }) => `${request.by}|${status ?? "none"}`)].map(([key, own]) => [
          ...key.split("|"),
          count(own.length),
        ]),
      ),
    ].join("\n\n"),
    data: { ...run, foreign: letIn, foreignCount: foreign.length },
  };
}

/** Pure: what was promised against what there is. */
export function thriceChecks(run: ThriceRun): readonly Check[] {
  const { jobs, jobCount, copies, copied, kills, foreign, deadLetters } = run;
  const wrong = (is: (job: ThriceJob) => boolean) => jobs.filter((job) => !is(job)).map(({ id }) => id);
  const each = (what: string, measured: string, is: (job: ThriceJob) => boolean): Check => {
    const failures = wrong(is);
    return {
      what,
      measured:
        failures.length === 0
          ? measured
          : `${measured}; not so: ${failures.slice(0, 3).join(", ")} and so on, ${failures.length} in all`,
      ok: failures.length === 0 && jobs.length === jobCount,
    };
  };
  const expectedAttempts = ({ id }: ThriceJob) => 1 + kills.filter(({ inHand }) => inHand.includes(id)).length;
  const free = jobs.filter(({ isFree }) => isFree).length;
  const letIn = foreign.filter(isLetIn);
  const answered = foreign.filter(({ status }) => status !== null);
  const isCopied = copied.jobRequests === jobCount && copied.jobResults === jobCount && copied.archive === free;
  const again = jobs.filter(({ attempt }) => attempt > 1);
  return [
    {
      what: `every first message about a job is delivered ${copies + 1} times: its request, its result, and for Free users the archive's`,
      measured: `${count(copied.jobRequests)}, ${count(copied.jobResults)} and ${count(copied.archive)} messages, ${copies + 1} times each; the queues are empty in the end`,
      ok: isCopied,
    },
    each("every job is completed", `${count(jobs.filter(isCompleted).length)} of ${count(jobCount)}`, isCompleted),
    each(
      "every job has one result, in one place: the results bucket, or for Free users the archive",
      `${count(sum(jobs, "results"))} in the bucket, ${count(sum(jobs, "archives"))} in the archive`,
      ({ isFree, results, archives }) => results === (isFree ? 0 : 1) && archives === (isFree ? 1 : 0),
    ),
    each("every job has one log", count(sum(jobs, "logs")), ({ logs }) => logs === 1),
    each(
      "every stored result is whole, by its SHA-256",
      count(jobs.filter(({ isWhole }) => isWhole === true).length),
      ({ isWhole }) => isWhole !== false,
    ),
    each(
      "every job has one mail, to its owner",
      count(mailCount(jobs)),
      ({ mails, email }) => mails.length === 1 && mails[0] === email,
    ),
    each(
      "a job is begun once, and once more for each killed worker that had it in hand; nothing else is done again",
      `${count(again.length)} jobs were begun again`,
      (job) => job.attempt === expectedAttempts(job),
    ),
    {
      what: "workers are killed at all five moments",
      measured: kills.map(({ moment, workers }) => `${moment}: ${workers.length}`).join("; "),
      ok: kills.length === KILLS && kills.every(({ workers, processes }) => workers.length > 0 && processes > 0),
    },
    { what: "no message was set aside", measured: String(deadLetters), ok: deadLetters === 0 },
    {
      what: "another user is let in nowhere",
      measured: [
        `${count(answered.length)} answers, ${letIn.length} let in`,
        ...letIn.slice(0, 3).map(({ request, status }) => `${request.method} ${request.path}: ${status}`),
      ].join("; "),
      ok: answered.length > 0 && letIn.length === 0,
    },
  ];
}

function isCompleted({ status }: ThriceJob): boolean {
  return status === "COMPLETED";
}

function sum(jobs: readonly ThriceJob[], key: "results" | "logs" | "archives"): number {
  return jobs.reduce((all, job) => all + job[key], 0);
}

function storedResults(jobs: readonly ThriceJob[]): number {
  return sum(jobs, "results") + sum(jobs, "archives");
}

function mailCount(jobs: readonly ThriceJob[]): number {
  return jobs.reduce((all, { mails }) => all + mails.length, 0);
}
