import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import type { JobsTable, Tables } from "@elastic-gas/shared/database/tables";
import { putMessage } from "@elastic-gas/shared/reliability/outbox";
import { NO_PROGRESS } from "@elastic-gas/shared/reliability/running-log";
import { type Selectable, sql, type Transaction } from "kysely";
import { BUILDS, type Build } from "./upload.ts";

const LIST_COLUMNS = [
  "id",
  "userId",
  "inputName",
  "inputSize",
  "status",
  "failure",
  "progressPercent",
  "submittedAt",
  "startedAt",
  "completedAt",
  "resultKey",
  "archiveState",
  "archiveTier",
  "archivedAt",
  "restoreAskedAt",
  "title",
  "cancelledAt",
  "build",
] as const;
const JOB_COLUMNS = [
  ...LIST_COLUMNS,
  "inputKey",
  "inputEtag",
  "inputDeletedAt",
  "resultSize",
  "summary",
  "logKey",
] as const;
const HAS_LOG = sql<
  0 | 1
>`(log_key is not null or status = 'RUNNING' or (status = 'FAILED' and running_log_attempt = attempt and running_log is not null))`;

export type JobRow = Pick<Selectable<JobsTable>, (typeof LIST_COLUMNS)[number]> & {
  /** 1: it has a log to read, of one that runs as far as it is. */
  readonly hasLog: 0 | 1;
};
export type Job = Pick<Selectable<JobsTable>, (typeof JOB_COLUMNS)[number]> &
  Pick<JobRow, "hasLog"> & {
    /**
     * The end of its log while it runs, as this run wrote it, and of one that failed as far as it came; null when there
     * is none (yet), and when it is completed.
     */
    readonly runningLog: string | null;
  };

export interface NewJob {
  readonly id: string;
  readonly userId: number;
  readonly inputName: string;
  readonly inputKey: string;
  readonly inputEtag: string;
  readonly inputSize: number;
  readonly build: Build | null;
  readonly title: string | null;
}

/**
 * How many jobs of a user wait or run. The lock on the account makes those who ask at once come one after the other.
 */
export async function countUnfinished(trx: Transaction<Tables>, userId: number): Promise<number> {
  await trx.selectFrom("users").select("id").where("id", "=", userId).forUpdate().execute();
  const { n } = await trx
    .selectFrom("jobs")
    .select(sql<number>`count(*)`.as("n"))
    .where("userId", "=", userId)
    .where("status", "in", ["PENDING", "RUNNING"])
    .executeTakeFirstOrThrow();
  return Number(n);
}

/** Records a job and its request, once: a second call with the same id changes nothing and returns false. */
export async function insertJob(trx: Transaction<Tables>, job: NewJob): Promise<boolean> {
  // The lock makes "delete all data" wait, or makes this see the new number. FOR SHARE is not known to MariaDB.
  const generation = await trx
    .selectFrom("settings")
    .select("value")
    .where("name", "=", "data_generation")
    .modifyEnd(sql`lock in share mode`)
    .executeTakeFirst();
  const row = { ...job, dataGeneration: Number(generation?.value ?? 0) };
  if (!(await insertUnlessThere(trx.insertInto("jobs").values(row)))) return false;
  await putMessage(trx, "jobRequests", { version: 1, jobId: job.id, userId: job.userId });
  return true;
}

/** Puts a failed job back into the queue. False when it is not failed (any more) or not this user's. */
export async function runAgain(trx: Transaction<Tables>, userId: number, jobId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("jobs")
    .set({
      status: "PENDING",
      failure: null,
      cancelledAt: null,
      ...NO_PROGRESS,
      startedAt: null,
      completedAt: null,
      notifiedAt: null,
      summary: null,
      logKey: null,
      resultKey: null,
      resultSize: null,
      resultSha256: null,
    })
    .where("id", "=", jobId)
    .where("userId", "=", userId)
    .where("status", "=", "FAILED")
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return false;
  await putMessage(trx, "jobRequests", { version: 1, jobId, userId });
  return true;
}

export type FoundJob =
  | { readonly kind: "found"; readonly job: Job }
  | { readonly kind: "not yours" }
  | { readonly kind: "unknown" };

/** A job of this user. The second question is only asked to tell "not yours" from "unknown". */
export async function findJob(db: Database, userId: number, jobId: string): Promise<FoundJob> {
  const job = await db
    .selectFrom("jobs")
    .select(JOB_COLUMNS)
    .select(
      sql<
        string | null
      >`case when status in ('RUNNING', 'FAILED') and running_log_attempt = attempt then running_log end`.as(
        "runningLog",
      ),
    )
    .select(HAS_LOG.as("hasLog"))
    .where("id", "=", jobId)
    .where("userId", "=", userId)
    .executeTakeFirst();
  if (job !== undefined) return { kind: "found", job };
  const other = await db.selectFrom("jobs").select("id").where("id", "=", jobId).executeTakeFirst();
  return { kind: other === undefined ? "unknown" : "not yours" };
}

/** The build that a user chose for the newest job; null for none, or one that is not offered any more. */
export async function findLastBuild(db: Database, userId: number): Promise<Build | null> {
  const newest = await db
    .selectFrom("jobs")
    .select("build")
    .where("userId", "=", userId)
    .orderBy("submittedAt", "desc")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return BUILDS.find((build) => build === newest?.build) ?? null;
}

const JOBS_PER_PAGE = 50;
/** One more tells whether there is another page. */
const ROWS_ASKED_FOR = JOBS_PER_PAGE + 1;
export type JobFilter = "all" | "running" | "completed" | "failed" | "archived";
/** A place in the list: newest first by time, then by id. */
export interface Cursor {
  readonly at: Date;
  readonly id: string;
}

export interface JobListRequest {
  readonly userId: number;
  readonly filter: JobFilter;
  readonly search: string;
  readonly older?: Cursor;
  readonly newer?: Cursor;
}

export interface JobList {
  /** Newest first. */
  readonly jobs: readonly JobRow[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** What a filter leaves, and the index that holds it in the list's order. */
const FILTERS = {
  all: { index: "jobs_user_submitted", parts: [{}] },
  running: { index: "jobs_waiting", parts: [{ status: "PENDING" }, { status: "RUNNING" }] },
  completed: { index: "jobs_waiting", parts: [{ status: "COMPLETED" }] },
  failed: { index: "jobs_waiting", parts: [{ status: "FAILED" }] },
  archived: { index: "jobs_user_archive", parts: [{ archiveState: "archived" }, { archiveState: "restoring" }] },
} as const satisfies Record<JobFilter, { readonly index: string; readonly parts: readonly ListPart[] }>;
type ListPart = Partial<Pick<Selectable<JobsTable>, "status" | "archiveState">>;

/** One page of a user's jobs. It reads the page's rows and no others, wherever the page lies, unless it searches. */
export async function listJobs(db: Database, request: JobListRequest): Promise<JobList> {
  const { older, newer } = request;
  const direction = newer === undefined ? sql`desc` : sql`asc`;
  const parts = FILTERS[request.filter].parts.map((part) => sql`(${selectPart(db, request, part)})`);
  // One statement, so that a job which starts meanwhile is in one part.
  const { rows } = await sql<JobRow>`${sql.join(parts, sql` union all `)}
    order by submitted_at ${direction}, id ${direction} limit ${ROWS_ASKED_FOR}`.execute(db);
  const more = rows.length > JOBS_PER_PAGE;
  const page = rows.slice(0, JOBS_PER_PAGE);
  return {
    jobs: newer === undefined ? page : page.reverse(),
    hasOlder: newer === undefined ? more : true,
    hasNewer: newer === undefined ? older !== undefined : more,
  };
}

/**
 * The index is named on purpose: left to itself, MariaDB looks up the user and walks from the newest job, reading all
 * that lie before the page.
 */
function selectPart(db: Database, { userId, filter, search, older, newer }: JobListRequest, part: ListPart) {
  const direction = newer === undefined ? "desc" : "asc";
  const cursor = newer ?? older;
  const beyond = newer === undefined ? "<" : ">";
  const index = sql.ref(FILTERS[filter].index);
  return db
    .selectFrom(sql<Selectable<JobsTable>>`jobs`.as<"jobs">(sql`jobs force index (${index})`))
    .select(LIST_COLUMNS)
    .select(HAS_LOG.as("hasLog"))
    .where("userId", "=", userId)
    .where((where) => where.and(part))
    .where(matchesSearch(search))
    .$if(cursor !== undefined, (query) =>
      query.where((where) => {
        const { at = new Date(), id = "" } = cursor ?? {};
        return where.or([
          where("submittedAt", beyond, at),
          where.and([where("submittedAt", "=", at), where("id", beyond, id)]),
        ]);
      }),
    )
    .orderBy("submittedAt", direction)
    .orderBy("id", direction)
    .limit(ROWS_ASKED_FOR);
}

/** How many jobs the filter and the search leave, on all pages. */
export async function countMatching(
  db: Database,
  { userId, filter, search }: Pick<JobListRequest, "userId" | "filter" | "search">,
): Promise<number> {
  const { n } = await db
    .selectFrom("jobs")
    .select(sql<number>`count(*)`.as("n"))
    .where("userId", "=", userId)
    .where((where) => where.or(FILTERS[filter].parts.map((part) => where.and(part))))
    .where(matchesSearch(search))
    .executeTakeFirstOrThrow();
  return Number(n);
}

function matchesSearch(search: string) {
  if (search === "") return sql<boolean>`true`;
  const pattern = search.replace(/[\\%_]/g, "\\$&");
  const part = `%${pattern}%`;
  return sql<boolean>`(input_name like ${part} or title like ${part} or id like ${`${pattern.toLowerCase()}%`})`;
}

export async function countJobs(db: Database, userId: number): Promise<number> {
  const { n } = await db
    .selectFrom("jobs")
    .select(sql<number>`count(*)`.as("n"))
    .where("userId", "=", userId)
    .executeTakeFirstOrThrow();
  return Number(n);
}

/** The queue in the order of submission, its first thousand: a job's place among all users' waiting ones. */
export async function listWaiting(db: Database): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("jobs")
    .select("id")
    .where("status", "=", "PENDING")
    .orderBy("submittedAt")
    .orderBy("id")
    .limit(1_000)
    .execute();
  return rows.map((row) => row.id);
}

export async function countArchived(db: Database, userId: number): Promise<number> {
  const { n } = await db
    .selectFrom("jobs")
    .select(sql<number>`count(*)`.as("n"))
    .where("userId", "=", userId)
    .where("archiveState", "in", ["archived", "restoring"])
    .executeTakeFirstOrThrow();
  return Number(n);
}
