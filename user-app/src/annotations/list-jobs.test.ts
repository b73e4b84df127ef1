import { createUser } from "@elastic-gas/shared/accounts/users";
import type { Database } from "@elastic-gas/shared/database/connect";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { countReads } from "@elastic-gas/testing/database-reads";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cursor, countMatching, type JobFilter, type JobRow, listJobs } from "./queries.ts";

const JOBS = 3_000;
const PAGE = 50;
/** The row after a page, which tells whether there is a next one, and those at the instant where it begins. */
const BESIDES = 5;
/**
 * MariaDB counts a row up to four times: in the index, read, and put together with those of another part and sorted.
 */
const MOST_READS = 4 * (PAGE + BESIDES);

let database: TestDatabase;
let db: Database;
let userId: number;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  userId = (await createUser(db, { username: "ada", passwordHash: null })) ?? 0;
  // Three at each instant, as an API's caller may send them; every 20th failed, every 3rd is archived.
  await sql`insert into jobs (id, user_id, input_name, input_key, input_etag, input_size, status, archive_state, submitted_at)
    select uuid(), ${userId}, concat('sample-', seq, '.vcf'), concat('key-', seq), 'etag', 1000,
      case when seq <= 60 then if(seq % 2, 'PENDING', 'RUNNING') when seq % 20 = 0 then 'FAILED' else 'COMPLETED' end,
      case when seq % 3 = 0 then if(seq % 2, 'archived', 'restoring') else 'kept' end,
      '2026-07-01' - interval (seq div 3) minute
    from ${sql.raw(`seq_1_to_${JOBS}`)}`.execute(db);
});
afterAll(() => database[Symbol.asyncDispose]());

const placeOf = ({ submittedAt, id }: JobRow): Cursor => ({ at: submittedAt, id });

async function listAll(filter: JobFilter): Promise<readonly JobRow[]> {
  const all: JobRow[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await listJobs(db, {
      userId,
      filter,
      search: "",
      ...(last === undefined ? {} : { older: placeOf(last) }),
    });
    all.push(...page.jobs);
    if (!page.hasOlder) return all;
  }
}

describe.each([
  ["all", "true"],
  ["running", "status in ('PENDING', 'RUNNING')"],
  ["completed", "status = 'COMPLETED'"],
  ["failed", "status = 'FAILED'"],
  ["archived", "archive_state in ('archived', 'restoring')"],
] as const)("the list of %s jobs", (filter, condition) => {
  it("has each of them once on its pages, newest first, in both directions", async () => {
    const { rows } = await sql<{ id: string }>`select id from jobs where user_id = ${userId} and ${sql.raw(condition)}
      order by submitted_at desc, id desc`.execute(db);
    const all = await listAll(filter);
    expect(all.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(await countMatching(db, { userId, filter, search: "" })).toBe(all.length);
    const last = all.at(-1);
    if (last === undefined) throw new Error("There is no job");
    const newer = await listJobs(db, { userId, filter, search: "", newer: placeOf(last) });
    expect(newer.jobs.map(({ id }) => id)).toEqual(all.slice(-PAGE - 1, -1).map(({ id }) => id));
  });

  it("reads no more rows for a page in the middle or at the end than for the first", async () => {
    const all = await listAll(filter);
    const parts = filter === "running" || filter === "archived" ? 2 : 1;
    for (const share of [0, 0.1, 0.5, 0.9, 1]) {
      const place = all[Math.round(share * (all.length - 1))];
      if (place === undefined) throw new Error("There is no job");
      for (const from of [{ older: placeOf(place) }, { newer: placeOf(place) }]) {
        const reads = await countReads(db, (one) => listJobs(one, { userId, filter, search: "", ...from }));
        expect(reads, `${Object.keys(from)} at ${share}`).toBeLessThanOrEqual(parts * MOST_READS);
      }
    }
  });
});
