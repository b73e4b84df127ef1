import type { Role } from "@elastic-gas/shared/database/tables";
import type { Deps } from "../web/deps.ts";
import { type JobState, jobState, type StateColumns } from "./job-state.ts";
import { listWaiting } from "./queries.ts";
import { readQueuePace } from "./queue-pace.ts";

type StateDeps = Pick<Deps, "db" | "config" | "now">;

/** The state of one job; the queue is only looked at for one that waits. */
export async function stateOf(deps: StateDeps, role: Role, job: StateColumns): Promise<JobState> {
  const [state] = await statesOf(deps, role, [job]);
  if (state === undefined) throw new Error("One job has one state");
  return state;
}

/** The states of jobs, in their order, by one look at the queue. */
export async function statesOf(
  { db, config, now }: StateDeps,
  role: Role,
  jobs: readonly StateColumns[],
): Promise<readonly JobState[]> {
  const someWait = jobs.some(({ status }) => status === "PENDING");
  const [waiting, paceSeconds] = someWait ? await Promise.all([listWaiting(db), readQueuePace(db)]) : [[], undefined];
  const context = { role, now: now(), retentionSeconds: config.FREE_RETENTION_SECONDS, waiting, paceSeconds };
  return jobs.map((job) => jobState(job, context));
}
