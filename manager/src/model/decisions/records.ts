import { type DecisionRecord, sentenceOfRecord } from "@elastic-gas/scaling/decision";
import type { PoolName } from "@elastic-gas/shared/resources";

/** One check of one pool. Instants are epoch milliseconds. */
export interface DecisionRow {
  readonly id: number;
  readonly pool: PoolName;
  readonly at: number;
  readonly kind: "grow" | "shrink" | "hold";
  readonly desiredBefore: number;
  readonly desiredAfter: number;
  readonly inService: number;
  readonly pending: number;
  readonly warming: number;
  readonly draining: number;
  readonly measured: number | null;
  readonly policyVersion: number;
  /** The sentence as stored; `sentenceOf` makes the one to show. */
  readonly reason: string;
  readonly facts: DecisionRecord;
}

/** Why the check ended as it did, in the reader's zone. */
export function sentenceOf(
  { facts, reason }: Pick<DecisionRow, "facts" | "reason">,
  reader: { readonly timeZone: string },
): string {
  return sentenceOfRecord(facts, reason, reader);
}

/** Something that the autoscaler did or was asked to do. */
export interface ActivityRow {
  readonly id: number;
  readonly pool: PoolName;
  readonly at: number;
  readonly cause: string;
  readonly actor: string;
  readonly desiredBefore: number;
  readonly desiredAfter: number;
  readonly measured: number | null;
  readonly forecast: number | null;
  readonly reason: string;
  readonly instanceIds: readonly string[];
  readonly status: string;
  readonly result: string | null;
  readonly finishedAt: number | null;
}
