import type { Logger } from "@elastic-gas/shared/logger";
import { isAlive } from "../ec2/instances/record.ts";
import type { Middleware } from "../wire/gateway.ts";
import { FaultRules } from "./fault-rules.ts";
import { faultsPage, type Operations } from "./faults-page.ts";
import type { StateTargets } from "./state.ts";

export interface FaultOptions {
  readonly targets: StateTargets;
  readonly operations: Operations;
  /** Whoever else stands before the operations; comes after the faults. */
  readonly inner: Middleware | undefined;
  readonly log: Logger;
}

/** Fault injection for tests and demonstrations. Nothing happens until somebody asks for it. */
export function createFaults({ targets, operations, inner, log }: FaultOptions) {
  const rules = new FaultRules({ targets, log });
  const middleware: Middleware = inner
    ? (invocation, next) => rules.middleware(invocation, () => inner(invocation, next))
    : rules.middleware;
  const page = faultsPage({ rules, operations, listInstances: () => listLiving(targets) });
  return { middleware, page, close: () => rules.close() };
}

function listLiving({ ec2 }: StateTargets) {
  return ec2
    .listInstances()
    .filter(isAlive)
    .map(({ instanceId, tags }) => ({ instanceId, name: tags.Name ?? "" }));
}
