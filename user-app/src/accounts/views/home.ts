import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { type SignInFormProps, signInForm } from "./sign-in-form.ts";

export interface HomeProps {
  /** Undefined when somebody is signed in. */
  readonly form: SignInFormProps | undefined;
  readonly price: string;
  readonly freeMaxBytes: number;
  readonly premiumMaxBytes: number;
  readonly retentionSeconds: number;
}

const STEPS = [
  ["1. Drop a file", ".vcf or .vcf.gz, checked before it is sent."],
  ["2. Watch it run", "Most files take seconds; an e-mail when it is done."],
  ["3. Read and download", "Summary, preview, annotated file and log."],
] as const;

export function homeView(props: HomeProps): Html {
  return h(
    "div",
    { class: "app-split app-home" },
    h(
      "div",
      { class: "app-stack" },
      h(
        "div",
        {},
        h("h1", { class: "app-display" }, "Annotate your VCF and keep every record unchanged"),
        h(
          "p",
          { class: "app-lead eg-secondary" },
          "Genes, regions, cytobands and pathogenic ClinVar variants for GRCh37 and GRCh38. Your records stay in order; only ID and INFO are added to.",
        ),
      ),
      h(
        "ol",
        { class: "app-three" },
        STEPS.map(([title, text]) =>
          h("li", {}, h("h2", { class: "eg-h3" }, title), h("p", { class: "eg-secondary" }, text)),
        ),
      ),
      h("div", { class: "eg-panel eg-panel-flush" }, plans(props)),
    ),
    props.form === undefined ? goOn() : signIn(props.form),
  );
}

function plans({ price, freeMaxBytes, premiumMaxBytes, retentionSeconds }: HomeProps): Html {
  const rows = [
    ["Price", "$0", price],
    ["File size", `up to ${formatBytes(freeMaxBytes)}`, `up to ${formatBytes(premiumMaxBytes)}`],
    [
      "Result download",
      `${formatDuration(retentionSeconds)} after completion, then archived`,
      "always; archived results are restored",
    ],
    ["Log and summary", "always", "always"],
    ["Face-mask check of photos", "yes", "yes"],
  ];
  return h(
    "div",
    { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Plans" },
    h(
      "table",
      { class: "eg-table" },
      h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "Free"), h("th", { scope: "col" }, "Premium"))),
      h(
        "tbody",
        {},
        rows.map(([name, free, premium]) =>
          h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, free), h("td", {}, premium)),
        ),
      ),
    ),
  );
}

function goOn(): Html {
  return h(
    "aside",
    { class: "eg-panel app-stack-small eg-screen", "aria-labelledby": "go-on" },
    h("h2", { id: "go-on" }, "Continue"),
    h("a", { class: "eg-button eg-button-primary", href: "/annotate" }, icon("plus"), "New annotation"),
    h("a", { class: "eg-button", href: "/annotations" }, icon("list"), "Your annotations"),
    h("a", { class: "eg-button", href: "/masks" }, icon("mask"), "Check a photo"),
  );
}

function signIn(form: SignInFormProps): Html {
  return h(
    "aside",
    { class: "eg-panel app-panel-wide", "aria-labelledby": "sign-in" },
    h("h2", { id: "sign-in" }, "Sign in"),
    signInForm(form),
  );
}
