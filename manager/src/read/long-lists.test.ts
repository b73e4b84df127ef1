import type { Database } from "@elastic-gas/shared/database/connect";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { countReads } from "@elastic-gas/testing/database-reads";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listDeadLetters } from "./dead-letters.ts";
import { countDecisions, listActivities, listDecisions, listNotableDecisions } from "./decisions.ts";
import { countDeadLetters, listFailedLaunches } from "./fleet-queries.ts";

const ROWS = 2_000;
const MINUTE_MS = 60_000;
const START = Date.parse("2026-07-01T00:00:00Z");
const END = START + ROWS * MINUTE_MS;
const PAGE = 50;
/** MariaDB counts a row twice, in the index and when it reads it, and where a list begins and ends. */
const MOST_READS = 2 * (PAGE + 5);

let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
  const rows = sql.raw(`seq_1_to_${ROWS}`);
  const at = sql`${new Date(START)} + interval seq minute`;
  for (const pool of POOL_NAMES) {
    await sql`insert into decisions
      (pool, at, kind, desired_before, desired_after, in_service, pending, warming, draining, policy_version, reason)
      select ${pool}, ${at}, 'grow', 2, 3, 2, 0, 0, 0, 1, 'grew' from ${rows}`.execute(db);
    await sql`insert into activities
      (pool, at, cause, actor, desired_before, desired_after, reason, instance_ids, epoch)
      select ${pool}, ${at}, 'policy', 'autoscaler', 2, 3, 'grew', '[]', 1 from ${rows}`.execute(db);
  }
  await sql`insert into launch_intents (id, pool, state, instance_id, epoch, created_at)
    select uuid(), 'web', 'launched', concat('i-', seq), 1, ${at} from ${rows}`.execute(db);
  await sql`insert into dead_letters (queue, message_id, body, outcome, at, resolved_at)
    select 'jobRequests', uuid(), '{}', 'failed', ${at}, if(seq = 1, null, ${at}) from ${rows}`.execute(db);
});
afterAll(() => database[Symbol.asyncDispose]());

describe.each([
  ["checks", listDecisions],
  ["changes", listActivities],
  ["notable checks", listNotableDecisions],
] as const)("a page of %s", (_, list) => {
  it.each([undefined, "web"] as const)("costs the same wherever it begins, pool %s", async (pool) => {
    for (const share of [1, 0.9, 0.5, 0.05]) {
      const span = { from: START, to: START + share * ROWS * MINUTE_MS, pool };
      const rows = await list(db, span, PAGE);
      expect(rows.map(({ at }) => at)).toEqual(rows.map(({ at }) => at).toSorted((a, b) => b - a));
      expect(rows).toHaveLength(PAGE);
      expect(rows[0]?.at).toBe(span.to);
      expect(await countReads(db, (one) => list(one, span, PAGE)), `at ${share}`).toBeLessThanOrEqual(MOST_READS);
    }
  });
});

describe("each look at the fleet", () => {
  it("reads the launches of the last minutes, and not the older ones", async () => {
    const reads = await countReads(db, (one) => listFailedLaunches(one, END - PAGE * MINUTE_MS));
    expect(reads).toBeLessThanOrEqual(MOST_READS);
  });

  it("reads the dead letters that wait, and not those that somebody has looked after", async () => {
    expect(await listDeadLetters(db, PAGE)).toHaveLength(1);
    expect(await countReads(db, (one) => listDeadLetters(one, PAGE))).toBeLessThanOrEqual(MOST_READS);
    expect(await countReads(db, countDeadLetters)).toBeLessThanOrEqual(MOST_READS);
  });
});

it("counts the checks of each pool, as the list of decisions does", async () => {
  const all = POOL_NAMES.length * ROWS;
  const counts = await countDecisions(db, { from: START, to: END + 1, pool: undefined });
  expect(counts).toEqual({ checks: all, changes: all, refused: 0 });
});
