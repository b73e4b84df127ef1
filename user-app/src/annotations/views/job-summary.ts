import { formatCount } from "@elastic-gas/shared/format/numbers";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import { CLASS_MEANINGS, CLINVAR_MEANINGS, REGION_MEANINGS } from "../../web/meanings.ts";
import {
  clinvarSentence,
  indelLengths,
  perChromosome,
  substitutions,
  summaryFigures,
  warningSentences,
} from "../figures.ts";
import { barTable } from "./bar-table.ts";

const CONTIGS_SHOWN = 12;
const GENES_SHOWN = 10;

/** What an annotation found, in figures. */
export function jobSummary(summary: JobSummary): Html {
  const indels = indelLengths(summary.indelLengths);
  return fragment(
    figures(summary),
    (summary.warnings.length > 0 || summary.unmatchedContigs.length > 0) && warnings(summary),
    chromosomesPanel(summary),
    h(
      "div",
      { class: "app-halves" },
      summary.regions.length > 0 &&
        panel(
          "regions",
          ["Regions ", meaning("#values")],
          barTable({
            head: "Region",
            counts: summary.regions,
            look: "eg-bars-requests",
            meanings: REGION_MEANINGS,
            shares: true,
          }),
        ),
      summary.classes.length > 0 &&
        panel(
          "classes",
          [
            "Variant classes ",
            h("span", { class: "eg-small eg-secondary" }, "of each alternative allele; "),
            meaning("#classes"),
          ],
          barTable({ head: "Class", counts: summary.classes, meanings: CLASS_MEANINGS, shares: true }),
        ),
      summary.substitutions.length > 0 && substitutionsPanel(summary),
      summary.clinvarClasses !== undefined &&
        summary.clinvarClasses.length > 0 &&
        panel(
          "clinvar",
          ["ClinVar classes ", meaning("#classes")],
          barTable({ head: "Class", counts: summary.clinvarClasses.map(inWords), meanings: CLINVAR_MEANINGS }),
        ),
      summary.consequences !== undefined &&
        summary.consequences.length > 0 &&
        panel(
          "consequences",
          ["Consequences ", meaning("#values")],
          barTable({ head: "Term", counts: summary.consequences.map(inWords) }),
        ),
      summary.topGenes.length > 0 &&
        panel("genes", "Top genes", barTable({ head: "Gene", counts: summary.topGenes.slice(0, GENES_SHOWN) })),
    ),
    indels.length > 0 &&
      chartPanel("indels", "Insertion and deletion lengths", barTable({ head: "Length in bases", counts: indels })),
    packSources(summary),
  );
}

function inWords({ name, count }: { readonly name: string; readonly count: number }) {
  return { name: name.replaceAll("_", " ").replaceAll("|", ", ").replaceAll("&", ", "), count };
}

/** What the job's pack was made of, for citation. */
function packSources({ packSources: sources = [], build }: JobSummary): Child {
  if (sources.length === 0) return undefined;
  return panel(
    "pack",
    "What the annotation pack held",
    h(
      "div",
      { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Sources of the annotation pack" },
      h(
        "table",
        { class: "eg-table", "data-pack-sources": build },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Source", "Release", "Date", "Gives", "Licence", "From"].map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          sources.map(({ name, release, date, kinds, licence, from }) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, name),
              [release, date, kinds.map((kind) => GIVES[kind] ?? kind).join(", "), licence, from].map((text) =>
                // Dates and names of licences are not torn apart at their hyphens.
                h("td", { class: text.includes(" ") ? undefined : "eg-nowrap" }, text === "" ? "–" : text),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

/** What of an annotation comes from a kind of source. */
const GIVES: Readonly<Record<string, string>> = {
  genes: "genes, regions",
  bands: "cytobands",
  clinvar: "ClinVar",
  rs: "dbSNP numbers",
  frequencies: "frequencies",
  intervals: "tracks",
  sequence: "check of REF",
  lift: "places in the pack's build",
};

function figures(summary: JobSummary): Html {
  const held = clinvarSentence(summary);
  return h(
    "section",
    { class: "eg-panel", "aria-label": "Figures" },
    h(
      "dl",
      { class: "app-figures" },
      summaryFigures(summary).map(({ key, value, label, note }) =>
        h(
          "div",
          { "data-figure": key },
          h("dd", { class: "eg-figure" }, value),
          h("dt", {}, label, note !== "" && [value === "n/a" ? ". " : ", ", note]),
        ),
      ),
    ),
    held !== undefined && h("p", { class: "eg-secondary app-gap" }, held),
  );
}

function warnings(summary: JobSummary): Html {
  const { unmatchedContigs } = summary;
  const warning = (...content: readonly Child[]) =>
    h("li", { class: "eg-tone-warn" }, icon("warning"), h("span", { class: "app-ink" }, ...content));
  const contigs = unmatchedContigs.slice(0, CONTIGS_SHOWN).join(", ");
  return panel(
    "warnings",
    "Warnings",
    h(
      "ul",
      { class: "app-checks" },
      warningSentences(summary).map((sentence) => warning(sentence)),
      unmatchedContigs.length > 0 &&
        warning(
          "Contigs that are not in the annotation pack: ",
          h("code", {}, unmatchedContigs.length > CONTIGS_SHOWN ? `${contigs} …` : contigs),
          ". Their records stay unannotated.",
        ),
    ),
  );
}

function chromosomesPanel({ records, chromosomes }: JobSummary): Html {
  const title = "Records per chromosome";
  if (records === 0) return panel("chromosomes", title, nothing("The file has no records."));
  return chartPanel("chromosomes", title, barTable({ head: "Chromosome", counts: perChromosome(chromosomes) }));
}

function substitutionsPanel(summary: JobSummary): Html {
  if (summary.transitions + summary.transversions === 0)
    return panel("substitutions", "Substitutions", nothing("The file has no substitutions."));
  const sample = (look: string, name: string, count: number) =>
    h("li", {}, h("span", { class: `eg-sample eg-sample-${look}` }), `${name} `, h("b", {}, formatCount(count)));
  return chartPanel(
    "substitutions",
    "Substitutions",
    barTable({ head: "Substitution", counts: substitutions(summary), look: "eg-bars-requests" }),
    h(
      "ul",
      { class: "eg-key" },
      sample("requests", "transitions", summary.transitions),
      sample("latency", "transversions", summary.transversions),
    ),
  );
}

/** In place of a chart in which nothing could be seen. */
function nothing(words: string): Html {
  return h("p", { class: "eg-secondary" }, words);
}

/** Where the words of a panel are explained. */
function meaning(anchor: string): Html {
  return h("a", { class: "eg-small", href: `/help${anchor}` }, "what they mean");
}

function panel(id: string, title: Child, content: Child): Html {
  return h(
    "section",
    { class: "eg-panel", "aria-labelledby": id },
    h("div", { class: "eg-panel-head" }, h("h2", { id }, title)),
    content,
  );
}

/** A table that the page's script draws as a chart; its button brings the table back. */
function chartPanel(id: string, title: string, table: Html, key?: Html): Html {
  return h(
    "section",
    { class: "eg-panel", "data-chart": id, "aria-labelledby": id },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", { id }, title),
      h(
        "span",
        { class: "eg-end" },
        h(
          "button",
          {
            class: "eg-button eg-button-plain eg-button-small",
            type: "button",
            "data-chart-table": "",
            hidden: true,
            "aria-pressed": "false",
          },
          icon("table"),
          "Table",
        ),
      ),
    ),
    key,
    h("div", { "data-chart-values": "" }, table),
  );
}
