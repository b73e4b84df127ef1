import { type PolicyKind, RECOMMENDED_CPU_POLICY } from "@elastic-gas/scaling/policy";
import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatPercent } from "@elastic-gas/shared/format/numbers";
import type { PoolName } from "@elastic-gas/shared/resources";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import {
  type FieldWords,
  GUARD_FIELDS,
  LIMIT_FIELDS,
  RULE_FIELDS,
  RULE_WORDS,
  SWITCHES,
} from "../../model/policy/differences.ts";
import type { FormValues } from "../../model/policy/policy-form.ts";
import type { Warnings } from "../../model/policy/warnings.ts";
import { NO_VALUE, type Reader } from "../../model/reader.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, icon, mayAct } from "../kit/parts.ts";

export interface PolicyForm {
  readonly pool: PoolName;
  /** Of the rule that the form shows; the one in force may be another. */
  readonly kind: PolicyKind;
  readonly kinds: readonly PolicyKind[];
  readonly values: FormValues;
  readonly inForce: FormValues;
  readonly errors: ReadonlyMap<string, string>;
  readonly warnings: Warnings;
  /** The CPU that a shrink must stay below; null when the numbers do not say. */
  readonly settleLimit: string | null;
  readonly version: number;
  /** Until when the policy leaves the pool alone after a manual change; null when it does not. */
  readonly heldUntil: number | null;
  readonly isPaused: boolean;
}

export function policyForm(form: PolicyForm, { csrf, reader }: ViewContext): Html {
  const { pool, kind, version, inForce } = form;
  return h(
    "form",
    {
      method: "post",
      action: `/policy/${pool}`,
      class: "stack-wide",
      "data-policy-form": mayAct(csrf) ? "" : undefined,
      "data-pool": pool,
      "data-kind": inForce.kind,
      novalidate: true,
    },
    csrfField(csrf),
    h("input", { type: "hidden", name: "kind", value: kind }),
    h("input", { type: "hidden", name: "expected", value: String(version) }),
    h("fieldset", { class: "stack-wide", disabled: !mayAct(csrf) }, rulePanel(form, mayAct(csrf)), limitsPanel(form)),
    mayAct(csrf) && saveBar(form, reader),
  );
}

function rulePanel(form: PolicyForm, mayChange: boolean): Html {
  const { pool, kind, kinds, errors } = form;
  const reason = errors.get("kind") ?? errors.get("");
  return h(
    "section",
    { class: "eg-panel" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "Rule")),
    h(
      "div",
      { class: "eg-segments policy-kinds", role: "group", "aria-label": "Rule" },
      kinds.map((each) =>
        h(
          "a",
          { href: `/policy/${pool}?kind=${each}`, "aria-current": each === kind ? "true" : undefined },
          RULE_WORDS[each],
        ),
      ),
    ),
    reason !== undefined && h("p", { class: "eg-error", role: "alert" }, reason),
    kind === "fixed"
      ? h(
          "p",
          { class: "eg-secondary policy-words" },
          "The pool keeps its desired capacity. Lost workers are replaced.",
        )
      : h(
          "div",
          { class: "policy-fields" },
          RULE_FIELDS[kind].map((words) => field(words, form)),
        ),
    kind === "cpu" && mayChange && recommendation(form),
  );
}

/** The course's numbers are the first ones; better ones are a click away, and are saved like any other change. */
function recommendation({ pool, values, inForce }: PolicyForm): Child {
  const has = (held: FormValues): boolean =>
    Object.entries(RECOMMENDED_CPU_POLICY).every(
      ([name, value]) => (value === true ? "on" : String(value)) === held[name],
    );
  if (has(inForce)) return null;
  if (has(values))
    return h(
      "p",
      { class: "eg-small eg-secondary policy-words" },
      "The recommended numbers are filled in. They are not in force until they are saved.",
    );
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink, growRatio } = RECOMMENDED_CPU_POLICY;
  return h(
    "p",
    { class: "eg-small eg-secondary policy-words" },
    `Recommended, if you are free to choose: grow above ${formatPercent(grow)}, shrink below ${formatPercent(shrink)}, grow ratio ${growRatio}, only to what is needed. On recorded days they cost 8\u00a0% less than the numbers of the first start and overload no more. `,
    h("a", { href: `/policy/${pool}?kind=cpu&numbers=recommended` }, "Fill them in"),
  );
}

function limitsPanel(form: PolicyForm): Html {
  const { kind, values, inForce, settleLimit } = form;
  return h(
    "section",
    { class: "eg-panel", id: "limits" },
    h("div", { class: "eg-panel-head" }, h("h2", {}, "Limits and guards")),
    h(
      "div",
      { class: "policy-fields" },
      [...LIMIT_FIELDS, ...GUARD_FIELDS[kind]].map((words) => field(words, form)),
    ),
    kind === "cpu" && [
      h(
        "p",
        { class: "eg-small eg-secondary policy-words" },
        "With these numbers a shrink must stay below ",
        h("b", { "data-settle-limit": "" }, settleLimit ?? NO_VALUE),
        " CPU.",
      ),
      ...SWITCHES.map(({ name, label, help }) =>
        h(
          "div",
          { class: "policy-check" },
          h(
            "label",
            { class: "eg-check" },
            h("input", {
              type: "checkbox",
              name,
              value: "on",
              checked: values[name] === "on",
              "data-was": inForce[name] ?? "",
            }),
            ` ${label}`,
          ),
          h("p", { class: "eg-help" }, help),
        ),
      ),
    ],
  );
}

function field({ name, label, unit, help }: FieldWords, { errors, inForce, values, warnings }: PolicyForm): Html {
  const error = errors.get(name);
  const warning = warnings[name];
  const was = inForce[name];
  const value = values[name] ?? "";
  return h(
    "div",
    { class: "eg-field" },
    h("label", { class: "eg-label", for: name }, label),
    h(
      "div",
      { class: `eg-input-group${error === undefined ? "" : " eg-input-group-bad"}` },
      h("input", {
        class: "eg-input policy-input",
        id: name,
        name,
        value,
        inputmode: "decimal",
        autocomplete: "off",
        required: true,
        "aria-describedby": `${name}-error ${name}-warning ${name}-help`,
        "aria-invalid": error === undefined ? undefined : "true",
        "data-was": was ?? "",
      }),
      h("span", { class: "eg-unit" }, unit),
    ),
    h(
      "p",
      {
        class: "eg-error",
        id: `${name}-error`,
        "data-error-of": name,
        role: error === undefined ? undefined : "alert",
        hidden: error === undefined,
      },
      error,
    ),
    h(
      "p",
      { class: "policy-warning", id: `${name}-warning`, "data-warning-of": name, hidden: warning === undefined },
      icon("warning"),
      h("span", { "data-words": "" }, warning),
    ),
    h(
      "p",
      { class: "eg-help", id: `${name}-help` },
      h(
        "span",
        { class: "eg-was", "data-was-of": name, hidden: was === undefined || was === value },
        `was ${was ?? ""}. `,
      ),
      help,
    ),
  );
}

function saveBar(form: PolicyForm, reader: Reader): Html {
  const { pool, kind, inForce, errors, version } = form;
  return h(
    "div",
    { class: "eg-panel save-bar", "data-save-bar": "" },
    h(
      "p",
      {},
      h("strong", { "data-save-words": "" }, saveWords(errors.size, kind !== inForce.kind)),
      ` ${whenInForce(form, reader)}`,
    ),
    form.heldUntil !== null &&
      h(
        "label",
        { class: "eg-check" },
        h("input", { type: "checkbox", name: "resume", value: "on" }),
        " Resume now: end the hold after the manual change when saving",
      ),
    h(
      "div",
      { class: "eg-actions" },
      h("button", { class: "eg-button eg-button-primary", type: "submit", "data-save": "" }, `Save as v${version + 1}`),
      h("a", { class: "eg-button", href: `/policy/${pool}`, "data-discard": "" }, "Discard changes"),
    ),
  );
}

function saveWords(errors: number, isOtherRule: boolean): Child {
  if (errors > 0) return errors === 1 ? "1 value needs correcting." : `${errors} values need correcting.`;
  return isOtherRule ? "Another rule than the one in force." : "No changes yet.";
}

function whenInForce({ heldUntil, isPaused }: PolicyForm, reader: Reader): string {
  if (isPaused) return "The policy is paused: changes take effect when it is resumed.";
  if (heldUntil === null) return "Changes take effect at the next check.";
  return `The pool was changed manually: changes take effect when the hold ends, in ${formatInterval(heldUntil - reader.now)}.`;
}
