import { readDecisionRecord } from "@elastic-gas/scaling/decision";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { listLatestDecisions as listStoredDecisions } from "@elastic-gas/shared/pools/decisions";
import type { PoolName } from "@elastic-gas/shared/resources";
import { type RawBuilder, type Selectable, type SqlBool, sql } from "kysely";
import type { CountRow } from "../model/charts/count-steps.ts";
import type { ActivityRow, DecisionRow } from "../model/decisions/records.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
  /** All pools when missing. */
  readonly pool?: PoolName | undefined;
}

/** Both edges belong to it. For every table with a pool and an instant. */
function within({ from, to, pool }: Span): RawBuilder<SqlBool> {
  const ofPool = pool === undefined ? sql`` : sql`and pool = ${pool}`;
  return sql`at between ${new Date(from)} and ${new Date(to)} ${ofPool}`;
}

/**
 * A table by the index that holds a span's rows in the order of their instants. Left to itself, MariaDB sorts all rows
 * of the span, or walks from the pool's newest row to where the span ends.
 */
function inOrder<Table extends "decisions" | "activities">(table: Table, { pool }: Span) {
  const index = sql.ref(`${table}_${pool === undefined ? "at" : "pool_at"}`);
  return sql<Selectable<Tables[Table]>>`${sql.table(table)}`.as<Table>(sql`${sql.ref(table)} force index (${index})`);
}

/** Newest first. */
export async function listDecisions(db: Database, span: Span, limit: number): Promise<DecisionRow[]> {
  const rows = await db
    .selectFrom(inOrder("decisions", span))
    .selectAll()
    .where(within(span))
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, at: row.at.getTime(), facts: readDecisionRecord(row.facts) }));
}

/** Outcomes of checks that changed nothing because something stood in the way. */
const REFUSALS = ["shrink refused", "at the limit", "no data"];

/** Checks that changed or refused something, newest first. */
export async function listNotableDecisions(db: Database, span: Span, limit: number): Promise<DecisionRow[]> {
  const rows = await db
    .selectFrom(inOrder("decisions", span))
    .selectAll()
    .where(within(span))
    .where((eb) => eb.or([eb("kind", "!=", "hold"), eb(sql`json_value(facts, '$.outcome')`, "in", REFUSALS)]))
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, at: row.at.getTime(), facts: readDecisionRecord(row.facts) }));
}

/** The latest check of each pool. */
export async function listLatestDecisions(db: Database): Promise<ReadonlyMap<PoolName, DecisionRow>> {
  const latest = await listStoredDecisions(db);
  return new Map([...latest].map(([pool, row]) => [pool, { ...row, facts: readDecisionRecord(row.facts) }]));
}

/** Newest first. */
export async function listActivities(db: Database, span: Span, limit: number): Promise<ActivityRow[]> {
  const rows = await db
    .selectFrom(inOrder("activities", span))
    .selectAll()
    .where(within(span))
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ epoch: _, ...row }) => ({
    ...row,
    at: row.at.getTime(),
    finishedAt: row.finishedAt?.getTime() ?? null,
  }));
}

/** Includes the last check before `from`, which says what held at the left edge. */
export async function listCounts(db: Database, pool: PoolName, from: number, to: number): Promise<CountRow[]> {
  const columns = ["at", "desiredAfter", "inService", "warming", "pending", "draining"] as const;
  const [before, within] = await Promise.all([
    db
      .selectFrom("decisions")
      .select(columns)
      .where("pool", "=", pool)
      .where("at", "<", new Date(from))
      .orderBy("at", "desc")
      .limit(1)
      .execute(),
    db
      .selectFrom("decisions")
      .select(columns)
      .where("pool", "=", pool)
      .where("at", ">=", new Date(from))
      .where("at", "<=", new Date(to))
      .orderBy("at")
      .execute(),
  ]);
  return [...before, ...within].map(({ desiredAfter, at, ...counts }) => ({
    ...counts,
    desired: desiredAfter,
    at: at.getTime(),
  }));
}

/** How many checks of pools there were in a span, and how many of them changed or refused something. */
export async function countDecisions(
  db: Database,
  span: Span,
): Promise<{ readonly checks: number; readonly changes: number; readonly refused: number }> {
  const row = await db
    .selectFrom("decisions")
    .select((eb) => [
      eb.fn.countAll<number>().as("checks"),
      sql<number>`coalesce(sum(kind <> 'hold'), 0)`.as("changes"),
      sql<number>`coalesce(sum(json_value(facts, '$.outcome') = 'shrink refused'), 0)`.as("refused"),
    ])
    .where(within(span))
    .executeTakeFirstOrThrow();
  return { checks: Number(row.checks), changes: Number(row.changes), refused: Number(row.refused) };
}
