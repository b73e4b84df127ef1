import { POOL_NAMES } from "@elastic-gas/shared/resources";
import type { Evidence, FaultRecord, Span } from "./evidence.ts";

export interface Outcome {
  readonly name: string;
  /** Cases that were looked at. */
  readonly n: number;
  readonly failures: readonly string[];
}

interface Invariant {
  readonly name: string;
  readonly check: (evidence: Evidence) => Omit<Outcome, "name">;
}

/** The balancer answers, whatever happens behind it, within its idle time-out of 60 s. */
const ANSWER_LIMIT_MS = 65_000;
/** A fault that lasts longer must be told of, at the latest so long after its end. */
const SILENT_LIMIT_MS = 60_000;
const TOLD_LATE_MS = 60_000;

/** Holds every acknowledged case of `cases` against what is wrong with it. */
function each<Case>(
  cases: readonly Case[],
  wrong: (one: Case) => string | null | undefined | false,
): Omit<Outcome, "name"> {
  return { n: cases.length, failures: cases.flatMap((one) => wrong(one) || []) };
}

const INVARIANTS: readonly Invariant[] = [
  {
    name: "no acknowledged account is lost",
    check: ({ registrations, final }) =>
      each(
        registrations,
        ({ username }) => !final.usernames.has(username) && `${username} was registered and is not there`,
      ),
  },
  {
    name: "no acknowledged job is lost: each ends, those with a good file COMPLETED",
    check: ({ submissions, final }) =>
      each(submissions, ({ jobId, records }) => {
        const job = final.jobs.get(jobId);
        if (job === undefined) return `${jobId} was acknowledged and is not there`;
        if (records === null)
          return job.status === "FAILED" && job.failure !== null
            ? null
            : `${jobId} with a bad file is ${job.status} (${job.failure ?? "no sentence"})`;
        return job.status === "COMPLETED" ? null : `${jobId} is ${job.status}: ${job.failure ?? "no sentence"}`;
      }),
  },
  {
    name: "no second result: one result and one log at most for each job, below its owner's key",
    check: ({ final }) => {
      const byJob = Map.groupBy(final.results, ({ jobId }) => jobId);
      return each([...byJob], ([jobId, objects]) => {
        const job = final.jobs.get(jobId);
        if (job === undefined) return `${jobId} has objects and no row: ${objects.map(({ key }) => key).join(", ")}`;
        const foreign = objects.find(({ userId }) => userId !== job.userId);
        if (foreign !== undefined) return `${foreign.key} lies below another user's key`;
        const logs = objects.filter(({ key }) => key.endsWith(".log")).length;
        const results = objects.length - logs;
        return results > 1 || logs > 1 ? `${jobId} has ${results} results and ${logs} logs` : null;
      });
    },
  },
  {
    name: "every download of a job is the same file, with a record for each of its input",
    check: ({ downloads, submissions }) => {
      const records = new Map(submissions.map((each) => [each.jobId, each.records]));
      const first = new Map<string, string>();
      return each(downloads, ({ jobId, sha256, records: found }) => {
        const before = first.get(jobId) ?? sha256;
        first.set(jobId, before);
        if (before !== sha256) return `${jobId}: ${sha256.slice(0, 8)} after ${before.slice(0, 8)}`;
        return found === records.get(jobId) ? null : `${jobId}: ${found} records of ${records.get(jobId)}`;
      });
    },
  },
  {
    name: "every job that ended has its mail, to its owner",
    check: ({ submissions, final }) => {
      const mails = Map.groupBy(final.mails, ({ jobId }) => jobId);
      return each(submissions, ({ jobId, email }) => {
        const own = mails.get(jobId) ?? [];
        if (own.length === 0) return `${jobId} has no mail`;
        return own.some(({ to }) => to !== email) ? `a mail about ${jobId} went to ${own.map(({ to }) => to)}` : null;
      });
    },
  },
  {
    name: "a Free user's result that is due is archived, a Premium user's is back",
    check: ({ submissions, final }) =>
      each(
        submissions.filter(({ records }) => records !== null),
        ({ jobId }) => {
          const job = final.jobs.get(jobId);
          if (job === undefined || job.status !== "COMPLETED") return null; // told of above
          if (job.role === "premium_user")
            return job.archiveState === "kept" ? null : `${jobId} of a Premium user is ${job.archiveState}`;
          return job.isDueForArchive && job.archiveState !== "archived"
            ? `${jobId} of a Free user is ${job.archiveState}`
            : null;
        },
      ),
  },
  {
    name: "no second charge: no more subscriptions than payments, one that is paid for at a time",
    check: ({ payments, final }) => {
      const users = new Set([...payments, ...final.subscriptions].map(({ userId }) => userId));
      return each([...users], (userId) => {
        const paid = payments.filter((payment) => payment.userId === userId).length;
        const own = final.subscriptions.filter((subscription) => subscription.userId === userId);
        if (own.length > paid) return `user ${userId} paid ${paid} times for ${own.length} subscriptions`;
        const current = own.filter(({ ended }) => !ended).length;
        return current > 1 ? `user ${userId} pays for ${current} subscriptions at a time` : null;
      });
    },
  },
  {
    name: "no request fails while the pool is resized, other than by 503 with Retry-After",
    check: ({ requests, resizes }) =>
      each(
        requests.filter(
          ({ kind, at, ms }) => /page/.test(kind) && resizes.some(({ from, to }) => at >= from && at + ms <= to),
        ),
        ({ kind, status, failure, hasRetryAfter }) =>
          status === 200 || (status === 503 && hasRetryAfter) ? null : `${kind}: ${status ?? failure}`,
      ),
  },
  {
    name: "what a fault must not stop goes on: one of two acts, a wrong clock stops nothing, who was away is used again",
    check: ({ expectations }) => each(expectations, ({ what, failure }) => failure !== null && `${what}: ${failure}`),
  },
  {
    name: "every request is answered within 65 s",
    check: ({ requests }) => each(requests, ({ kind, ms }) => ms > ANSWER_LIMIT_MS && `${kind}: ${ms} ms`),
  },
  {
    name: "1 <= desired <= max, and never more workers than max",
    check: ({ sizes }) =>
      each(sizes, ({ pool, desired, min, max, staying }) => {
        if (desired < Math.max(1, min) || desired > max) return `${pool} wants ${desired} of ${min} to ${max}`;
        // A utility worker is replaced by adding first.
        return staying > max + (pool === "utility" ? 1 : 0) ? `${pool} has ${staying} workers, at most ${max}` : null;
      }),
  },
  {
    name: "no leaked instance: as many live as are desired, each from a launch of its own",
    check: ({ final }) => {
      const seen = new Set<string>();
      const single = each(final.workers, ({ id, intentId, isIntended }) => {
        if (intentId === null || !isIntended) return `nobody intended ${id}`;
        if (seen.has(intentId)) return `${id} is a second instance of launch ${intentId}`;
        seen.add(intentId);
        return null;
      });
      const sizes = each(POOL_NAMES, (pool) => {
        const living = final.workers.filter((worker) => worker.pool === pool).length;
        return living !== final.desired[pool] && `${pool}: ${living} live, ${final.desired[pool]} are desired`;
      });
      return { n: single.n + sizes.n, failures: [...single.failures, ...sizes.failures] };
    },
  },
  {
    name: "no data of another",
    check: ({ requests }) =>
      each(
        requests.filter(({ kind }) => kind.startsWith("other's")),
        ({ kind, status }) => (status === 200 || status === 302) && `${kind} was answered by ${status}`,
      ),
  },
  {
    name: `nothing silent: what lasts longer than ${SILENT_LIMIT_MS / 1_000} s is told in an alert or a decision`,
    check: ({ faults, told }) =>
      each(
        inForce(faults).filter(({ from, to }) => to - from > SILENT_LIMIT_MS),
        ({ name, from, to }) =>
          !told.some(({ at }) => at >= from && at <= to + TOLD_LATE_MS) && `nobody was told of "${name}"`,
      ),
  },
];

/** Pure: holds a run's evidence against every invariant. */
export function checkInvariants(evidence: Evidence): readonly Outcome[] {
  return INVARIANTS.map(({ name, check }) => ({ name, ...check(evidence) }));
}

export function inForce(faults: readonly FaultRecord[]): readonly (FaultRecord & Span)[] {
  return faults.filter(({ notMade }) => notMade === null);
}

/**
 * With no failure in n independent cases, the true rate lies below 3/n with 95 % confidence (the rule of three). Null
 * when something failed or nothing was looked at.
 */
export function ruleOfThree({ n, failures }: Pick<Outcome, "n" | "failures">): number | null {
  return failures.length > 0 || n === 0 ? null : Math.min(1, 3 / n);
}
