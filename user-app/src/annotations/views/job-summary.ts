import { formatCount, formatShare } from "@elastic-gas/shared/format/numbers";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import { indelLengths, perChromosome, substitutions } from "../figures.ts";
import { barTable } from "./bar-table.ts";

const CONTIGS_SHOWN = 12;
const GENES_SHOWN = 10;

/** What an annotation found, in figures. */
export function jobSummary(summary: JobSummary): Html {
  const indels = indelLengths(summary.indelLengths);
  return fragment(
    figures(summary),
    (summary.warnings.length > 0 || summary.unmatchedContigs.length > 0) && warnings(summary),
    chartPanel(
      "chromosomes",
      "Records per chromosome",
      barTable({ head: "Chromosome", counts: perChromosome(summary.chromosomes) }),
    ),
    h(
      "div",
      { class: "app-halves" },
      panel(
        "regions",
        "Regions",
        summary.regions.length > 0 &&
          barTable({ head: "Region", counts: summary.regions, look: "eg-bars-requests", shares: true }),
      ),
      panel(
        "classes",
        "Variant classes",
        summary.classes.length > 0 && barTable({ head: "Class", counts: summary.classes, shares: true }),
      ),
      summary.substitutions.length > 0 && substitutionsPanel(summary),
      summary.topGenes.length > 0 &&
        panel("genes", "Top genes", barTable({ head: "Gene", counts: summary.topGenes.slice(0, GENES_SHOWN) })),
    ),
    indels.length > 0 &&
      chartPanel("indels", "Insertion and deletion lengths", barTable({ head: "Length in bases", counts: indels })),
  );
}

function figures({ records, inGenes, clinvarPathogenic, tiTv, unmatchedRecords }: JobSummary): Html {
  const values = [
    [formatCount(records), "records, all kept"],
    [formatCount(inGenes), `in a gene (${formatShare(records === 0 ? 0 : inGenes / records, 1)})`],
    [formatCount(clinvarPathogenic), "ClinVar pathogenic"],
    [tiTv === null ? "n/a" : tiTv.toFixed(2), "Ti/Tv"],
    [formatCount(unmatchedRecords), "on unmatched contigs"],
  ];
  return h(
    "section",
    { class: "eg-panel", "aria-label": "Figures" },
    h(
      "dl",
      { class: "app-figures" },
      values.map(([value, name]) => h("div", {}, h("dd", { class: "eg-figure" }, value), h("dt", {}, name))),
    ),
  );
}

function warnings({ warnings: lines, unmatchedContigs }: JobSummary): Html {
  const warning = (...content: readonly Child[]) =>
    h("li", { class: "eg-tone-warn" }, icon("warning"), h("span", { class: "app-ink" }, ...content));
  const contigs = unmatchedContigs.slice(0, CONTIGS_SHOWN).join(", ");
  return panel(
    "warnings",
    "Warnings",
    h(
      "ul",
      { class: "app-checks" },
      lines.map(({ sentence, count }) => warning(`${sentence}: ${formatCount(count)}`)),
      unmatchedContigs.length > 0 &&
        warning(
          "Contigs that are not in the annotation pack: ",
          h("code", {}, unmatchedContigs.length > CONTIGS_SHOWN ? `${contigs} …` : contigs),
          ". Their records stay unannotated.",
        ),
    ),
  );
}

function substitutionsPanel(summary: JobSummary): Html {
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

function panel(id: string, title: string, content: Child): Html {
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
