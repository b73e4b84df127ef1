import type { PoolName } from "@elastic-gas/shared/resources";
import type { DecisionFacts } from "./facts.ts";

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
  readonly reason: string;
  readonly facts: DecisionFacts;
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
