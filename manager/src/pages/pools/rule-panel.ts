import { type Html, h } from "@elastic-gas/shared/web/html";
import type { PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { checksNeeded } from "../../model/policy/memory.ts";
import { boldStart } from "../kit/parts.ts";

/** The rule in force in one sentence, and what changes it now. */
export function ruleWords({ name, rule, policyKind, policyVersion, lastCheck }: PoolSnapshot): readonly Html[] {
  if (policyKind === "fixed") {
    return [h("p", {}, boldStart("Fixed size: the pool keeps its desired capacity; lost workers are replaced."))];
  }
  const level = lastCheck?.backOffLevel ?? 0;
  const patience =
    level === 0
      ? null
      : h(
          "p",
          { "data-back-off": String(level) },
          boldStart(
            `Back-off level ${level}: a shrink now needs ${checksNeeded(level)} checks in a row, because a grow followed a shrink within 30 min.`,
          ),
          h("span", { class: "eg-small eg-secondary rule-until" }, "Halved after 2 quiet hours."),
        );
  const backOffOff = policyKind === "cpu" && level === 0 ? " No back-off now." : "";
  return [
    h("p", { "data-rule": name }, boldStart(`${rule}.`), h("span", { class: "eg-secondary" }, backOffOff)),
    ...(patience === null ? [] : [patience]),
    h("p", { class: "eg-small eg-secondary" }, `v${policyVersion} is in force.`),
  ];
}
