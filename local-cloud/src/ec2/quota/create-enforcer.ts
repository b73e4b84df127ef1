import type { Logger } from "@elastic-gas/shared/logger";
import type { Ec2Settings } from "../settings.ts";
import { CgroupEnforcer, findCgroupTree } from "./cgroup.ts";
import type { QuotaEnforcer } from "./enforcer.ts";
import { PauserEnforcer } from "./pauser.ts";

export interface EnforcerOptions {
  readonly kind: Ec2Settings["quota"];
  readonly owner: string;
  /** Living instances of an earlier process: their groups stay. */
  readonly known: ReadonlySet<string>;
  readonly log: Logger;
}

/** The kernel's quota where it can be had, else the pauser. Throws when a forced kind is impossible. */
export function createEnforcer({ kind, owner, known, log }: EnforcerOptions): QuotaEnforcer {
  const tree = kind === "auto" || kind === "cgroup" ? findCgroupTree(owner) : undefined;
  if (tree) {
    const enforcer = new CgroupEnforcer(tree, owner);
    enforcer.sweep(known);
    return enforcer;
  }
  if (kind === "cgroup")
    throw new Error("No writable cgroup with a CPU quota on this machine; use the quota kind auto or pauser.");
  return kind === "none" ? NO_QUOTA : new PauserEnforcer(owner, log);
}

const NO_QUOTA: QuotaEnforcer = {
  kind: "none",
  prepare: () => [],
  adopt: () => undefined,
  apply: () => undefined,
  refresh: () => undefined,
  readUsedSeconds: () => undefined,
  release: () => undefined,
  close: async () => undefined,
};
