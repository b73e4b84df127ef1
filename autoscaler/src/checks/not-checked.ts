import { type Decision, notChecked, sentenceOfRecord, toDecisionRecord } from "@elastic-gas/scaling/decision";
import type { Tables } from "@elastic-gas/shared/database/tables";
import { findLatestDecision } from "@elastic-gas/shared/pools/decisions";
import type { Transaction } from "kysely";
import type { Context, Pool } from "../context/context.ts";
import type { SourceFailure } from "../observe/sources.ts";

/** The reason of a check that could not be made. */
export function decideNotChecked(pool: Pick<Pool, "desired">, { source, seconds, error }: SourceFailure): Decision {
  return notChecked(pool.desired, {
    source,
    seconds,
    failure: error === null || isTimeout(error) ? null : nameOf(error),
  });
}

/** Writes down that a pool was due and could not be looked at at all; its workers are counted as last time. */
export async function storeNotChecked(context: Context, pool: Pool, failure: SourceFailure, now: Date): Promise<void> {
  const { config, lease, log } = context;
  const record = toDecisionRecord(decideNotChecked(pool, failure), null);
  const reason = sentenceOfRecord(record, "", { timeZone: config.DISPLAY_TIME_ZONE });
  await lease.write(async (trx) => {
    const last = await findLatestDecision(trx, pool.name);
    await insertHold(trx, pool, { ...countsOf(last), at: now, reason, facts: JSON.stringify(record) });
  });
  log.warn({ pool: pool.name, err: failure.error }, reason);
}

function insertHold(
  trx: Transaction<Tables>,
  pool: Pool,
  row: ReturnType<typeof countsOf> & { readonly at: Date; readonly reason: string; readonly facts: string },
): Promise<unknown> {
  const { name, desired, policyVersion } = pool;
  const same = { desiredBefore: desired, desiredAfter: desired };
  return trx
    .insertInto("decisions")
    .values({ pool: name, kind: "hold", ...same, measured: null, policyVersion, ...row })
    .execute();
}

function countsOf(last: Awaited<ReturnType<typeof findLatestDecision>>) {
  const { inService = 0, pending = 0, warming = 0, draining = 0 } = last ?? {};
  return { inService, pending, warming, draining };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && ["TimeoutError", "AbortError"].includes(error.name);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : String(error);
}
