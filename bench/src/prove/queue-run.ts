import type { ManagerApi } from "./manager-api.ts";
import type { Recording } from "./recorder.ts";

/** One job of the burst and what became of it. Instants are epoch milliseconds. */
export interface Job {
  readonly id: string;
  readonly status: string;
  /** How often it was claimed; more than 1: a worker was lost or slow. */
  readonly attempt: number;
  readonly submittedAt: number;
  readonly startedAt: number | null;
  readonly completedAt: number | null;
  readonly mails: number;
  /** The result can be downloaded and has as many records as the file. */
  readonly hasAllRecords: boolean;
}

export interface QueueRun {
  readonly startedAt: number;
  readonly burstAt: number;
  readonly sentAt: number;
  readonly endedAt: number;
  readonly secondsOfOne: number;
  readonly min: number;
  readonly jobs: readonly Job[];
  readonly recording: Recording;
  readonly activities: Awaited<ReturnType<ManagerApi["activities"]>>;
  readonly deadLetters: number;
  readonly unsent: number;
}

/** Jobs that wait and jobs that are done, whenever one of the numbers changes. */
export function jobCounts(jobs: readonly Job[]): readonly { at: number; waiting: number; done: number }[] {
  const changes = jobs.flatMap(({ submittedAt, startedAt, completedAt }) => [
    { at: submittedAt, waiting: 1, done: 0 },
    ...(startedAt === null ? [] : [{ at: startedAt, waiting: -1, done: 0 }]),
    ...(completedAt === null ? [] : [{ at: completedAt, waiting: 0, done: 1 }]),
  ]);
  let waiting = 0;
  let done = 0;
  return changes
    .toSorted((a, b) => a.at - b.at)
    .map((change) => {
      waiting += change.waiting;
      done += change.done;
      return { at: change.at, waiting, done };
    });
}
