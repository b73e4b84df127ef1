import { formatDuration } from "@elastic-gas/shared/format/durations";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../page-context.ts";

export function helpView(
  { retentionSeconds }: { readonly retentionSeconds: number },
  page: Pick<PageContext, "url">,
): Html {
  const section = (id: string, title: string, ...content: readonly Child[]) =>
    h("section", { class: "eg-panel app-stack-small", "aria-labelledby": id }, h("h2", { id }, title), ...content);
  const p = (...content: readonly Child[]) => h("p", {}, ...content);
  return fragment(
    h("h1", {}, "Help"),
    h(
      "div",
      { class: "app-halves" },
      section(
        "files",
        "Which files",
        p(
          "VCF 3.3 to 4.5, plain or compressed (.gz, .bgz), with Unix or Windows line ends. Contig names with or without “chr” mean the same.",
        ),
        p(
          "Every record stays, in order and byte for byte, but for ID (when it is “.”) and INFO, to which GAS_GENE, GAS_REGION, GAS_BAND and GAS_CLINVAR are added, and what else the installation's annotation pack holds: dbSNP numbers, frequencies, consequences. The header declares them, and the job's page lists the pack's sources for citation.",
        ),
        p("The genome build is found out from the header or the positions; you can choose it yourself."),
      ),
      section(
        "retention",
        "Privacy and retention",
        p(
          "Files, results and photos are private to your account and encrypted where they are stored. Links to them live for a minute.",
        ),
        p(
          `Free: a result can be downloaded for ${formatDuration(retentionSeconds)} after completion, then it is archived. Premium: always; archived results are restored. Log and summary stay; the page Annotate says how long inputs do.`,
        ),
        p("An administrator deletes an account with everything that belongs to it."),
      ),
      section(
        "cite",
        "How to cite",
        p(
          "Annotated with Elastic GAS. The pack's version, its sources and the build are named on each job's page and in its log; name them too, for they decide what is found.",
        ),
      ),
      section(
        "api",
        "From a program",
        p(
          "Photos can be checked by ",
          h("code", {}, "POST /api/upload"),
          " with the fields username, password and file; the answer is JSON.",
        ),
        h(
          "pre",
          { class: "eg-log" },
          `curl -F file=@photo.jpg -F username=… -F password=… \\\n  ${page.url}/api/upload`,
        ),
      ),
    ),
  );
}
