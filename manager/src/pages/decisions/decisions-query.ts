import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import type { Request } from "express";
import { isRangeName, RANGE_NAMES, type RangeName } from "../../model/charts/range.ts";
import { KINDS, type Kind } from "../../model/decisions/list-entries.ts";

/** What the address of the decisions page asks for. */
export interface DecisionsQuery {
  readonly pool: PoolName | undefined;
  readonly range: RangeName;
  readonly kind: Kind;
  readonly filter: string;
  readonly fold: boolean;
  /** Only what is older, epoch milliseconds. */
  readonly before: number | undefined;
}

/** The values that each parameter takes; null: any. */
export const DECISIONS_PARAMETERS = {
  pool: POOL_NAMES,
  range: RANGE_NAMES,
  kind: KINDS,
  filter: null,
  fold: ["on", "off"],
  before: null,
} as const;

export function readDecisionsQuery(req: Request): DecisionsQuery {
  const { pool, range, kind, filter, fold, before } = req.query;
  const beforeMs = Number(before);
  return {
    pool: POOL_NAMES.find((name) => name === pool),
    range: isRangeName(range) ? range : "3h",
    kind: KINDS.find((name) => name === kind) ?? "all",
    filter: typeof filter === "string" ? filter.slice(0, 100) : "",
    fold: fold !== "off",
    before: Number.isFinite(beforeMs) && beforeMs > 0 ? beforeMs : undefined,
  };
}

export function decisionsAddress(query: DecisionsQuery, page = "/decisions"): string {
  const fields: Record<string, string> = { range: query.range };
  if (query.pool !== undefined) fields.pool = query.pool;
  if (query.kind !== "all") fields.kind = query.kind;
  if (query.filter !== "") fields.filter = query.filter;
  if (!query.fold) fields.fold = "off";
  if (query.before !== undefined) fields.before = String(query.before);
  return `${page}?${new URLSearchParams(fields)}`;
}
