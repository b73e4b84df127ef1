import { randomUUID } from "node:crypto";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Invocation } from "../wire/gateway.ts";
import type { Value } from "../wire/protocol/protocol.ts";
import { type CallFault, type Fault, isCallFault, type Rule, strikingRules } from "./rule.ts";
import { beginState, endState, isSameState, type StateTargets } from "./state.ts";
import { strike } from "./strike.ts";

export interface FaultRulesOptions {
  readonly targets: StateTargets;
  readonly log: Logger;
  /** From 0 up to 1. */
  readonly draw?: () => number;
}

interface Entry {
  rule: Rule;
  readonly timer: NodeJS.Timeout;
}

/**
 * The faults in force, in memory only: a restart ends them all. They last in real time, whatever clock the services go
 * by.
 */
export class FaultRules {
  readonly #options: FaultRulesOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: FaultRulesOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  list(): readonly Rule[] {
    return [...this.#entries.values()].map(({ rule }) => rule);
  }

  add(fault: Fault): Rule {
    const createdAt = new Date();
    const lifeMs = fault.durationSeconds * 1_000;
    const rule: Rule = {
      id: randomUUID(),
      fault,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + lifeMs),
      strikes: 0,
    };
    if (!isCallFault(fault)) beginState(this.#options.targets, fault);
    const timer = setTimeout(() => this.remove(rule.id), lifeMs);
    timer.unref();
    this.#entries.set(rule.id, { rule, timer });
    this.#options.log.warn({ rule: rule.id, fault }, "fault begins");
    return rule;
  }

  /** False when there is none of that id (any more). */
  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    clearTimeout(entry.timer);
    this.#entries.delete(id);
    const { fault, strikes } = entry.rule;
    if (!isCallFault(fault)) this.#endState(fault);
    this.#options.log.warn({ rule: id, fault, strikes }, "fault ends");
    return true;
  }

  removeAll(): void {
    for (const id of [...this.#entries.keys()]) this.remove(id);
  }

  killInstance(instanceId: string): void {
    this.#options.targets.ec2.faults.kill(instanceId);
    this.#options.log.warn({ instanceId }, "instance killed");
  }

  /** Between routing and every operation. */
  readonly middleware = (invocation: Invocation, next: () => Promise<Value>): Promise<Value> => {
    if (this.#entries.size === 0) return next();
    const { draw = Math.random } = this.#options;
    const striking = strikingRules(this.list(), invocation, draw);
    for (const { id, fault } of striking) this.#countStrike(id, fault);
    const carriedOut = striking.reduceRight<() => Promise<Value>>(
      (inner, { fault }) =>
        () =>
          strike(fault, invocation, inner),
      next,
    );
    return carriedOut();
  };

  /** Forgets all without undoing: the services are about to end. */
  close(): void {
    for (const { timer } of this.#entries.values()) clearTimeout(timer);
    this.#entries.clear();
  }

  #countStrike(id: string, { times }: CallFault): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.rule = { ...entry.rule, strikes: entry.rule.strikes + 1 };
    if (entry.rule.strikes === times) this.remove(id);
  }

  #endState(fault: Exclude<Fault, CallFault>): void {
    const { targets } = this.#options;
    const others = this.list().map((rule) => rule.fault);
    const last = others.findLast((other): other is typeof fault => !isCallFault(other) && isSameState(other, fault));
    if (last) beginState(targets, last);
    else endState(targets, fault);
  }
}
