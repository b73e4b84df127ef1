import type { PolicyStateWords } from "@elastic-gas/scaling/describe-policy-state";
import type { PolicyKind } from "@elastic-gas/scaling/policy";
import type { Meaning } from "@elastic-gas/scaling/policy-meanings";
import { POOL_NAMES } from "@elastic-gas/shared/resources";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { MEASURED_LOADS, SHAPES } from "../../features/preview/loads.ts";
import type { PolicyVersion } from "../../model/policy/policy-version.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, empty, icon, mayAct, time } from "../kit/parts.ts";
import { type PolicyForm, policyForm } from "./policy-form-view.ts";

export interface Comparison {
  /** Of all versions, newest first. */
  readonly numbers: readonly number[];
  readonly asked: { readonly from: number; readonly to: number };
  /** What lies between the two; undefined until somebody asks. */
  readonly difference: string | undefined;
}

export interface PolicyPage {
  readonly form: PolicyForm;
  readonly meanings: readonly Meaning[];
  /** What the rule in force keeps between two checks. */
  readonly policyState: readonly PolicyStateWords[];
  /** The one in force; null before the first save. */
  readonly savedBy: PolicyVersion | null;
  /** Newest first, with what each changed. */
  readonly versions: readonly (PolicyVersion & { readonly difference: string })[];
  /** Of all versions, shown or not. */
  readonly total: number;
  /** Null with fewer than two versions. */
  readonly comparison: Comparison | null;
  /** What a worker costs, in words. */
  readonly price: string;
}

export function policyPageView(page: PolicyPage, context: ViewContext): Html[] {
  const { form, savedBy } = page;
  const { pool, kind, kinds, version } = form;
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", {}, "Policy"),
      h(
        "div",
        { class: "eg-segments", role: "group", "aria-label": "Pool" },
        POOL_NAMES.map((name) =>
          h(
            "a",
            { href: `/policy/${name}`, "data-pool-link": name, "aria-current": name === pool ? "true" : undefined },
            name,
          ),
        ),
      ),
      h(
        "p",
        { class: "page-tools eg-secondary" },
        h(
          "span",
          {},
          `In force: v${version}`,
          savedBy !== null && [`, ${savedWords(savedBy)}, `, time(savedBy.at, context.reader)],
        ),
      ),
    ),
    h(
      "div",
      { class: "policy-grid" },
      h(
        "div",
        { class: "policy-left stack-wide" },
        policyForm(form, context),
        kind !== "fixed" && meaningsPanel(page.meanings),
        versionsPanel(page, context),
      ),
      h(
        "div",
        {
          class: "policy-right stack-wide",
          "data-policy-preview": mayAct(context.csrf) ? "" : undefined,
          "data-version": version,
        },
        kind === "fixed" && kinds.length === 1
          ? h(
              "section",
              { class: "eg-panel" },
              empty(
                "layers",
                "No rule to tune",
                "This pool keeps its desired capacity within the limits; + and − on the Pools page change it.",
              ),
            )
          : // The preview is about values that somebody tries.
            mayAct(context.csrf) && previewPlaces(kind, page.price),
        page.policyState.length > 0 && policyStatePanel(page.policyState, context),
      ),
    ),
  ];
}

/** The first version of a pool is nobody's. */
function savedWords({ actor }: Pick<PolicyVersion, "actor">): string {
  return actor === "start" ? "made at the first start" : `saved by ${actor}`;
}

function meaningsPanel(meanings: readonly Meaning[]): Html {
  return h(
    "details",
    { class: "eg-panel policy-meanings" },
    h("summary", {}, h("h2", {}, "What each number means")),
    h(
      "dl",
      {},
      meanings.map(({ label, text }) => [h("dt", {}, label), h("dd", {}, text)]),
    ),
  );
}

function versionsPanel(
  { form: { pool, version: inForce }, versions, total, comparison }: PolicyPage,
  context: ViewContext,
): Html {
  return h(
    "section",
    { class: "eg-panel", "aria-label": "Versions" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", {}, "Versions"),
      total > versions.length &&
        h("span", { class: "eg-end eg-small" }, h("a", { href: `/policy/${pool}?versions=all` }, `All ${total}`)),
    ),
    comparison !== null && compareForm(pool, comparison),
    versions.length === 0
      ? h(
          "p",
          { class: "eg-secondary" },
          "The first values are in force; each save makes a version that can be undone.",
        )
      : h(
          "ul",
          { class: "versions" },
          versions.map(({ version, difference, at, actor }) =>
            h(
              "li",
              { id: `v${version}` },
              h("b", {}, `v${version}`),
              h(
                "div",
                {},
                difference,
                h("div", { class: "eg-small eg-secondary" }, time(at, context.reader), `, ${savedWords({ actor })}`),
              ),
              version === inForce
                ? h("span", { class: "eg-chip eg-chip-ok" }, icon("check"), "in force")
                : mayAct(context.csrf) && undoForm({ pool, version, inForce }, context.csrf),
            ),
          ),
        ),
  );
}

function compareForm(pool: string, { numbers, asked, difference }: Comparison): Html {
  const choice = (name: "from" | "to", words: string): Html =>
    h(
      "label",
      { class: "worker-sort" },
      h("span", { class: "eg-secondary" }, words),
      h(
        "select",
        { class: "eg-select", name },
        numbers.map((number) => h("option", { value: number, selected: number === asked[name] }, `v${number}`)),
      ),
    );
  return h(
    "form",
    { method: "get", action: `/policy/${pool}`, class: "compare-versions", id: "compare" },
    choice("from", "Compare"),
    choice("to", "with"),
    h("button", { class: "eg-button eg-button-small", type: "submit" }, "Show the difference"),
    difference !== undefined &&
      h("p", { role: "status" }, h("strong", {}, `v${asked.from} → v${asked.to}: `), `${difference}.`),
  );
}

function undoForm(
  { pool, version, inForce }: { readonly pool: string; readonly version: number; readonly inForce: number },
  csrf: string,
): Html {
  return h(
    "form",
    { method: "post", action: `/policy/${pool}/undo` },
    csrfField(csrf),
    h("input", { type: "hidden", name: "version", value: String(version) }),
    h("input", { type: "hidden", name: "expected", value: String(inForce) }),
    h(
      "button",
      {
        class: "eg-button eg-button-small",
        type: "submit",
        title: `Writes a new version with the values of v${version}`,
        "aria-label": `Restore v${version}`,
      },
      icon("history"),
      `Restore v${version}`,
    ),
  );
}

/** Places that the page's script fills with what the form's numbers would do. */
function previewPlaces(kind: PolicyKind, price: string): Html[] {
  return [
    h(
      "noscript",
      {},
      h(
        "p",
        { class: "eg-panel eg-secondary" },
        "With script, this side shows what each size would do, and plays the numbers with the load of the last 30\u00a0min, the last 24\u00a0h or a chosen shape.",
      ),
    ),
    h("div", { "data-preview": "sizes" }, kind === "cpu" && loadingPanel("policy-loading-sizes")),
    loadingPanel("policy-loading-preview"),
    h("p", { class: "eg-panel eg-secondary", "data-preview": "words", hidden: true }),
    h(
      "section",
      { class: "eg-panel", "aria-label": "Preview", "data-preview": "panel", hidden: true },
      h(
        "div",
        { class: "eg-panel-head" },
        h("h2", {}, "Preview"),
        h(
          "span",
          { class: "eg-end" },
          h("label", { class: "worker-sort" }, h("span", { class: "eg-secondary" }, "Load"), loadChoice()),
        ),
      ),
      h("p", { class: "eg-small eg-secondary", "data-preview": "load-words" }),
      h("div", { "data-preview": "outcome" }),
      h("h3", { class: "preview-title" }, "Workers in service"),
      h("div", { class: "eg-chart", "data-preview-chart": "workers" }),
      h("h3", { class: "preview-title" }, "Load, in workers"),
      h("div", { class: "eg-chart preview-load", "data-preview-chart": "load" }),
      h(
        "p",
        { class: "eg-small eg-secondary" },
        `Simulated with the code that decides: workers boot in 90\u00a0s, metrics arrive with a 60\u00a0s delay. Cost, estimated: ${price}, booting and draining workers included.`,
      ),
    ),
  ];
}

/** Keeps the place of what the script asks for, so that nothing below it moves. */
function loadingPanel(size: string): Html {
  return h(
    "div",
    { class: `eg-panel ${size}`, "data-preview-loading": "" },
    h("div", { class: "eg-loading chart-loading", "aria-busy": "true" }),
  );
}

function loadChoice(): Html {
  const group = (label: string, loads: Readonly<Record<string, string>>): Html =>
    h(
      "optgroup",
      { label },
      Object.entries(loads).map(([value, words]) => h("option", { value, selected: value === "24h" }, words)),
    );
  return h(
    "select",
    { class: "eg-select", "data-preview-load": "" },
    group("Measured", MEASURED_LOADS),
    group("Shapes of 6\u00a0h", SHAPES),
  );
}

function policyStatePanel(items: readonly PolicyStateWords[], { reader }: ViewContext): Html {
  const title = "Current state of the rule";
  return h(
    "section",
    { class: "eg-panel", "aria-label": title },
    h("div", { class: "eg-panel-head" }, h("h2", {}, title)),
    h(
      "dl",
      { class: "policy-state" },
      items.map(({ name, value, at, help }) =>
        h(
          "div",
          {},
          h("dt", {}, name),
          h(
            "dd",
            {},
            h("b", {}, value),
            at !== undefined && h("span", { class: "eg-secondary" }, ", ", time(at, reader)),
            h("span", { class: "eg-help" }, help),
          ),
        ),
      ),
    ),
  );
}
