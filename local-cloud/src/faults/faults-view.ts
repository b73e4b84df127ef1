import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import { dateText, type HtmlPage, table } from "../pages/page.ts";
import { SERVICES } from "../wire/services.ts";
import { FAULT_FORMS, type FaultForm, type FormField } from "./fault-forms.ts";
import type { Rule } from "./rule.ts";

/** An instance that a fault can strike. */
export interface LivingInstance {
  readonly instanceId: string;
  /** Its Name tag. */
  readonly name: string;
}

export interface FaultsView {
  readonly rules: readonly Rule[];
  readonly instances: readonly LivingInstance[];
  /** Names of all operations that can be struck. */
  readonly operations: readonly string[];
  /** Why the last form was refused. */
  readonly refusal?: string;
}

/** The page by which a person sees, adds and ends faults; it needs no script. */
export function faultsView(view: FaultsView): HtmlPage {
  const { rules, operations, refusal } = view;
  return {
    title: "Faults",
    statusCode: refusal === undefined ? 200 : 400,
    isWide: true,
    body: [
      h("h1", {}, "Faults"),
      h(
        "p",
        {},
        "Makes this cloud misbehave on purpose, for tests and demonstrations. Every fault ends by itself; a restart ends them all.",
      ),
      refusal !== undefined && h("p", { class: "error", role: "alert" }, refusal),
      h("h2", {}, "In force"),
      rules.length === 0 ? h("p", {}, "None.") : rulesTable(rules),
      h("h2", {}, "Add"),
      h(
        "datalist",
        { id: "operations" },
        operations.map((name) => h("option", { value: name })),
      ),
      FAULT_FORMS.map((form) => addForm(form, view)),
    ],
  };
}

function rulesTable(rules: readonly Rule[]): readonly Child[] {
  const rows = rules.map(({ id, fault, strikes, expiresAt }) => [
    titleOf(fault.kind),
    detailsOf(fault),
    strikes,
    dateText(expiresAt.getTime() / 1_000),
    h(
      "form",
      { method: "post", action: `/_faults/${id}/end` },
      h("button", {}, "End", h("span", { class: "hidden" }, ` ${titleOf(fault.kind)}`)),
    ),
  ]);
  return [
    table(["Fault", "Details", "Strikes", "Until", "End"], rows),
    h("form", { method: "post", action: "/_faults/end", class: "actions" }, h("button", {}, "End all")),
  ];
}

function addForm({ kind, title, what, fields }: FaultForm, view: FaultsView): Html {
  const needsInstance = fields.some(({ type }) => type === "instance");
  const verb = kind === "kill-instance" ? "Kill" : "Add";
  return h(
    "details",
    {},
    h("summary", {}, h("strong", {}, title), ` ${what}`),
    needsInstance && view.instances.length === 0
      ? h("p", {}, "No instance is running.")
      : h(
          "form",
          { method: "post", action: "/_faults" },
          h("input", { type: "hidden", name: "kind", value: kind }),
          h(
            "div",
            { class: "fields" },
            fields.map((field) => h("label", {}, `${field.label} `, control(field, view))),
          ),
          h(
            "div",
            { class: "actions" },
            h("button", { class: "primary" }, verb, h("span", { class: "hidden" }, ` ${title}`)),
          ),
        ),
  );
}

function control({ name, type, required, value, min, max, step }: FormField, { instances }: FaultsView): Html {
  switch (type) {
    case "service":
      return h(
        "select",
        { name },
        h("option", { value: "" }, "all"),
        SERVICES.map(({ id }) => h("option", {}, id)),
      );
    case "instance":
      return h(
        "select",
        { name, required },
        instances.map(({ instanceId, name: tag }) => h("option", { value: instanceId }, `${instanceId} ${tag}`)),
      );
    case "operation":
      return h("input", { name, list: "operations", autocomplete: "off" });
    case "text":
      return h("input", { name, value, required });
    case "number":
      return h("input", { type: "number", name, value, min, max, step, required });
  }
}

function titleOf(kind: string): string {
  return FAULT_FORMS.find((form) => form.kind === kind)?.title ?? kind;
}

/** `service sqs, percent 50` */
function detailsOf({ kind: _kind, ...fault }: Rule["fault"]): string {
  return Object.entries(fault)
    .filter(([name, value]) => value !== undefined && name !== "durationSeconds")
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
