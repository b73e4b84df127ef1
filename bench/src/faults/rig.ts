import type { StallableProxy } from "@elastic-gas/testing/stallable-proxy";
import type { ProofSystem } from "../prove/proof-system.ts";
import type { Clients } from "./clients.ts";
import type { History } from "./history.ts";

/** What the steps work with. */
export interface Rig {
  readonly proof: ProofSystem;
  /** Stands before Stripe. */
  readonly stripe: StallableProxy;
  /** Stands before the identity provider. */
  readonly provider: StallableProxy;
  /** What the parts' clocks go by (adjustable-clock-main.ts). */
  readonly clockFile: string;
  /** Faults of services that were asked of local-cloud. */
  readonly asked: AskedFault[];
  readonly clients: Clients;
  readonly history: History;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface AskedFault {
  readonly id: string;
  /** Of the step. */
  readonly name: string;
  readonly at: number;
}
