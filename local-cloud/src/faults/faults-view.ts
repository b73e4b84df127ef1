import { dateText, type Html, type HtmlPage, html } from "../pages/html.ts";
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
    body: html`<h1>Faults</h1>
<p>Makes this cloud misbehave on purpose, for tests and demonstrations. Every fault ends by itself; a restart ends them all.</p>
${refusal === undefined ? "" : html`<p class="error" role="alert">${refusal}</p>`}
<h2>In force</h2>
${rules.length === 0 ? html`<p>None.</p>` : rulesTable(rules)}
<h2>Add</h2>
<datalist id="operations">${operations.map((name) => html`<option value="${name}"></option>`)}</datalist>
${FAULT_FORMS.map((form) => addForm(form, view))}`,
  };
}

function rulesTable(rules: readonly Rule[]): Html {
  const rows = rules.map(
    ({ id, fault, strikes, expiresAt }) =>
      html`<tr><td>${titleOf(fault.kind)}</td><td>${detailsOf(fault)}</td><td>${strikes}</td><td>${dateText(expiresAt.getTime() / 1000)}</td>
<td><form method="post" action="/_faults/${id}/end"><button>End<span class="hidden"> ${titleOf(fault.kind)}</span></button></form></td></tr>`,
  );
  return html`<table><thead><tr><th scope="col">Fault</th><th scope="col">Details</th><th scope="col">Strikes</th><th scope="col">Until</th><th scope="col">End</th></tr></thead>
<tbody>${rows}</tbody></table>
<form method="post" action="/_faults/end" class="actions"><button>End all</button></form>`;
}

function addForm({ kind, title, what, fields }: FaultForm, view: FaultsView): Html {
  const needsInstance = fields.some(({ type }) => type === "instance");
  const form =
    needsInstance && view.instances.length === 0
      ? html`<p>No instance lives.</p>`
      : html`<form method="post" action="/_faults"><input type="hidden" name="kind" value="${kind}">
<div class="fields">${fields.map((field) => labelled(field, view))}</div>
<div class="actions"><button class="primary">${kind === "kill-instance" ? "Kill" : "Add"}<span class="hidden"> ${title}</span></button></div></form>`;
  return html`<details><summary><strong>${title}</strong> ${what}</summary>${form}</details>
`;
}

function labelled(field: FormField, view: FaultsView): Html {
  return html`<label>${field.label} ${control(field, view)}</label>`;
}

function control({ name, type, required, value, min, max, step }: FormField, { instances }: FaultsView): Html {
  const must = required ? html` required` : "";
  switch (type) {
    case "service":
      return html`<select name="${name}"><option value="">all</option>${SERVICES.map(({ id }) => html`<option>${id}</option>`)}</select>`;
    case "instance":
      return html`<select name="${name}"${must}>${instances.map(
        (each) => html`<option value="${each.instanceId}">${each.instanceId} ${each.name}</option>`,
      )}</select>`;
    case "operation":
      return html`<input name="${name}" list="operations" autocomplete="off">`;
    case "text":
      return html`<input name="${name}" value="${value}"${must}>`;
    case "number": {
      const limits = [
        ["min", min],
        ["max", max],
        ["step", step],
      ] as const;
      const attributes = limits.map(([attribute, limit]) =>
        limit === undefined ? html`` : html` ${attribute}="${limit}"`,
      );
      return html`<input type="number" name="${name}" value="${value}"${attributes}${must}>`;
    }
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
