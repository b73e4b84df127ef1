import { QUIET_HOURS } from "@elastic-gas/scaling/rules/back-off";
import { formatDuration } from "@elastic-gas/shared/format/durations";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { PoolSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { boldStart } from "../kit/parts.ts";

/** The rule in force in one sentence, and what changes it now. */
export function ruleWords({ name, rule, policyKind, policyVersion, backOff }: PoolSnapshot): readonly Html[] {
  if (policyKind === "fixed") {
    return [h("p", {}, boldStart("Fixed size: the pool keeps its desired capacity; lost workers are replaced."))];
  }
  const confirmation =
    backOff === null
      ? null
      : h(
          "p",
          { "data-back-off": String(backOff.level) },
          boldStart(
            `Back-off level ${backOff.level}: a shrink now needs ${backOff.checks} checks in a row, because a grow followed a shrink within ${formatDuration(backOff.flapMinutes * 60)}.`,
          ),
          h("span", { class: "eg-small eg-secondary rule-until" }, `Halved after ${QUIET_HOURS} quiet hours.`),
        );
  const backOffOff = policyKind === "cpu" && backOff === null ? " No back-off now." : "";
  return [
    h("p", { "data-rule": name }, boldStart(`${rule}.`), h("span", { class: "eg-secondary" }, backOffOff)),
    ...(confirmation === null ? [] : [confirmation]),
    h("p", { class: "eg-small eg-secondary" }, `v${policyVersion} is in force.`),
  ];
}
