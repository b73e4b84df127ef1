import { formatDuration } from "@elastic-gas/shared/format/durations";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import { CLASS_MEANINGS, CLINVAR_MEANINGS, REGION_MEANINGS } from "../meanings.ts";
import type { PageContext } from "../page-context.ts";

/** What a job's states mean for its owner. */
const STATES = [
  ["queued", "It is waiting for a free annotator; its place in the queue is shown beside it."],
  ["running", "It is being annotated. If an annotator is lost, it is replaced and the job starts again by itself."],
  ["completed", "The result, the log and the summary are ready. You get an e-mail if your profile has an address."],
  ["failed", "Its page says what is wrong with the file and what to do. The input is kept, and so is the log."],
  ["cancelled", "You cancelled it. The input is kept; the job can be run again."],
  ["archived", "The time to download it is over. Premium restores the result; the log and the summary stay."],
  ["being restored", "The result is coming back from the archive: usually 1 to 5\u00a0min, sometimes 3 to 5\u00a0h."],
] as const;

const KEYS = [
  ["GAS_GENE", "Genes that the record overlaps, by their symbols."],
  ["GAS_REGION", "For each gene the most specific part that the record overlaps (below)."],
  ["GAS_BAND", "Cytoband, such as 17q21.31."],
  ["GAS_RS", "dbSNP number of each ALT."],
  [
    "GAS_CLINVAR",
    "For each ALT the variant’s number, class and conditions in ClinVar, for the same position and alleles.",
  ],
] as const;

export function helpView(
  { retentionSeconds }: { readonly retentionSeconds: number },
  page: Pick<PageContext, "url">,
): Html {
  const section = (id: string, title: string, ...content: readonly Child[]) =>
    h("section", { class: "eg-panel app-stack-small", "aria-labelledby": id }, h("h2", { id }, title), ...content);
  const p = (...content: readonly Child[]) => h("p", {}, ...content);
  const terms = (rows: readonly (readonly [string, string])[]) =>
    h(
      "dl",
      { class: "eg-facts app-terms" },
      rows.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]),
    );
  return fragment(
    h("h1", {}, "Help"),
    h(
      "div",
      { class: "app-halves" },
      section(
        "files",
        "Which files",
        p(
          "VCF 3.3 to 4.5, plain or compressed (.gz, .bgz), with Unix or Windows line endings. Contig names work with or without “chr”.",
        ),
        p(
          "Every record stays, in order and byte for byte, except ID (when it is “.”) and INFO, to which the keys under “What the values mean” are added. The header declares them.",
        ),
        p("The genome build is detected from the header or the positions; you can choose it yourself."),
        p("Results are for research only, not a basis for a diagnosis."),
      ),
      section("values", "What the values mean", terms(KEYS), terms(Object.entries(REGION_MEANINGS)), packs()),
      section(
        "classes",
        "What the classes mean",
        h("h3", {}, "Of each alternative allele"),
        terms(Object.entries(CLASS_MEANINGS)),
        h("h3", {}, "In ClinVar"),
        terms(Object.entries(CLINVAR_MEANINGS)),
        p(
          "The annotation pack that comes with the program holds ClinVar’s Pathogenic, Pathogenic/Likely pathogenic and Likely pathogenic variants on which two submitters agree or an expert panel decided. It leaves out all other classes, and those with a qualifier such as risk factor. A job’s page says what its own pack held.",
        ),
      ),
      section("states", "What a job’s state means", terms(STATES)),
      section(
        "masks",
        "Face masks",
        p(
          "The detector counts faces and says of each whether it wears a mask, with its confidence from 0 to 1. It misses faces that are very small, turned away or half covered, and may take a scarf for a mask: look at the frames before you rely on the counts.",
        ),
        p("Photos and their results are visible to you only. Delete them whenever you like."),
      ),
      section(
        "retention",
        "Privacy and retention",
        p("Files, results and photos are private to your account. Links to them are valid for a minute."),
        p(
          `Free: a result can be downloaded for ${formatDuration(retentionSeconds)} after completion, then it is archived. Premium: always; archived results are restored. Log and summary stay; the page Annotate says how long inputs do.`,
        ),
        p(
          "You can delete a job, a photo or the whole account, and download everything that belongs to it, under ",
          h("a", { href: "/profile" }, "Profile"),
          ".",
        ),
      ),
      section(
        "cite",
        "How to cite",
        p(
          `Annotated with Elastic GAS, ${page.url}. The pack’s version, its sources and the build are named on each job’s page and in its log; name them too, for they decide what is found.`,
        ),
      ),
      section(
        "api",
        "From a program",
        p(
          "Photos can be checked by ",
          h("code", {}, "POST /api/upload"),
          " with the fields username, password and file; the answer is JSON. VCF files go to the API under ",
          h("code", {}, "/api/v1"),
          " with a token of the page ",
          h("a", { href: "/profile/tokens" }, "API tokens"),
          ".",
        ),
        h(
          "pre",
          { class: "eg-log" },
          `curl -F file=@photo.jpg -F username=… -F password=… \\\n  ${page.url}/api/upload`,
        ),
      ),
      section(
        "contact",
        "Who can help",
        p(
          "The administrator who made your account. Say which job it is about, or give the request number at the foot of the page that went wrong.",
        ),
      ),
    ),
  );
}

function packs(): Html {
  return h(
    "p",
    { class: "eg-secondary" },
    "An installation’s annotation pack may hold more: dbSNP numbers, population frequencies, consequences for proteins. A job’s page lists what its pack was made of; “n/a” means that the pack has no such data.",
  );
}
