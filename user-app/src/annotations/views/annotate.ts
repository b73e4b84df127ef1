import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { VCF_SAMPLES } from "@elastic-gas/shared/samples";
import { errorLine } from "@elastic-gas/shared/ui/field";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import { addressInput, csrfField, hiddenField, options } from "../../web/views/forms.ts";
import { BUILD_FIELD, BUILDS, type Build } from "../upload.ts";
import { sampleList } from "./sample-list.ts";

export interface AnnotateProps {
  readonly role: string;
  readonly policy: { readonly url: string; readonly fields: Readonly<Record<string, string>> };
  readonly csrf: string;
  readonly maxBytes: number;
  /** Beyond it S3 refuses the file, without a word about plans. */
  readonly ceilingBytes: number;
  /** What the plan means, a phrase. */
  readonly plan: string;
  /** When the file is deleted, a phrase. */
  readonly retention: string;
  /** What the reader chose for the job before; null: to detect it. */
  readonly lastBuild: Build | null;
  /** An address that could not be fetched. */
  readonly refused: AddressRefusal | undefined;
}

export interface AddressRefusal {
  readonly status: number;
  readonly address: string;
  readonly sentence: string;
}

const FACTS = [
  ["Reads", "VCF 3.3 to 4.5, .gz and .bgz too"],
  ["Adds", "ID, GAS_GENE, GAS_REGION, GAS_BAND, GAS_CLINVAR, GAS_RS"],
  ["Keeps", "every record, in order"],
  ["Builds", "GRCh38 and GRCh37; for NCBI36 (hg18) the pack that comes with the program has cytobands only"],
] as const;

export function annotateView(props: AnnotateProps): Html {
  return fragment(
    h("div", { class: "app-head" }, h("h1", {}, "Annotate"), h("p", { class: "eg-secondary" }, props.plan)),
    h(
      "div",
      { class: "app-split" },
      h(
        "div",
        {
          class: "app-stack",
          "data-upload": "",
          "data-max-bytes": props.maxBytes,
          "data-ceiling-bytes": props.ceilingBytes,
          "data-plan": props.role,
        },
        plainForm(props),
        chosenFile(props),
        pastePanel(props.csrf),
        addressPanel(props),
      ),
      h(
        "aside",
        { class: "app-stack" },
        h(
          "section",
          { class: "eg-panel", "aria-labelledby": "before" },
          h("div", { class: "eg-panel-head" }, h("h2", { id: "before" }, "Before you send")),
          h(
            "dl",
            { class: "eg-facts" },
            [...FACTS, ["Deletes", props.retention] as const].map(([name, text]) => [
              h("dt", {}, name),
              h("dd", {}, text),
            ]),
          ),
        ),
        h(
          "section",
          { class: "eg-panel eg-screen", "aria-labelledby": "samples" },
          h("div", { class: "eg-panel-head" }, h("h2", { id: "samples" }, "Try a sample")),
          sampleList(VCF_SAMPLES, props.csrf),
        ),
      ),
    ),
  );
}

/** Works without script: the browser sends the file to S3, which sends the reader on. */
function plainForm({ policy, maxBytes, lastBuild }: AnnotateProps): Html {
  return h(
    "form",
    {
      class: "app-drop",
      method: "post",
      action: policy.url,
      enctype: "multipart/form-data",
      "data-upload-form": "",
    },
    Object.entries(policy.fields).map(([name, value]) => hiddenField(name, value)),
    h(
      "div",
      { "data-drop-idle": "", class: "app-drop-inner" },
      icon("upload"),
      h("p", { class: "app-drop-title", "data-drop-title": "" }, "Choose a VCF file"),
      plainBuild(lastBuild),
      h(
        "label",
        { class: "app-file" },
        h("span", { class: "visually-hidden" }, "VCF file"),
        h("input", {
          class: "eg-input",
          type: "file",
          name: "file",
          accept: ".vcf,.gz,.bgz,.vcf.gz",
          required: true,
          "data-upload-file": "",
        }),
      ),
      h("p", { class: "eg-help" }, `.vcf or .vcf.gz, up to ${formatBytes(maxBytes)}.`),
      h(
        "p",
        { "data-plain-submit": "" },
        h("button", { class: "eg-button eg-button-primary", type: "submit", "data-upload-submit": "" }, "Annotate"),
      ),
    ),
  );
}

/** Lines instead of a file. The page's script takes them for a file, which is checked and sent like any other. */
function pastePanel(csrf: string): Html {
  return h(
    "form",
    { class: "eg-panel eg-form", method: "post", action: "/annotate/paste", "data-upload-paste": "" },
    csrfField(csrf),
    h(
      "div",
      { class: "eg-field" },
      h("label", { class: "eg-label", for: "paste" }, "Or paste the lines of a VCF"),
      h("textarea", {
        class: "eg-input app-paste",
        id: "paste",
        name: "text",
        rows: 5,
        required: true,
        spellcheck: false,
        placeholder: "##fileformat=VCFv4.3",
      }),
    ),
    h("div", {}, h("button", { class: "eg-button", type: "submit" }, "Use these lines")),
  );
}

/** A file on a public server, which user-app fetches itself. */
function addressPanel({ csrf, refused, lastBuild }: AnnotateProps): Html {
  return h(
    "form",
    { class: "eg-panel eg-form", method: "post", action: "/annotate/address", "data-once": "Fetching" },
    csrfField(csrf),
    h(
      "div",
      { class: "eg-field" },
      h("label", { class: "eg-label", for: "address" }, "Or give the address of a VCF"),
      addressInput("address", refused),
      errorLine(refused?.sentence, "address-error"),
    ),
    h(
      "label",
      { class: "eg-field app-half" },
      h("span", { class: "eg-label" }, "Genome build"),
      h(
        "select",
        { class: "eg-select", name: "build" },
        h("option", { value: "" }, "Detect"),
        options(BUILDS, lastBuild ?? undefined),
      ),
      lastBuildHelp(lastBuild),
    ),
    h("div", {}, h("button", { class: "eg-button", type: "submit" }, "Fetch and annotate")),
  );
}

/** What the page's script shows once a file is chosen. */
function chosenFile({ lastBuild }: AnnotateProps): Html {
  return h(
    "section",
    {
      class: "eg-panel app-stack-small",
      "data-upload-panel": "",
      hidden: true,
      "aria-label": "Chosen file",
    },
    h(
      "div",
      { class: "app-file-head" },
      icon("file"),
      h("strong", { "data-upload-name": "" }),
      h("span", { class: "eg-secondary", "data-upload-size": "" }),
      h(
        "span",
        { class: "eg-end" },
        h("button", { class: "eg-button eg-button-small", type: "button", "data-upload-other": "" }, "Choose another"),
      ),
    ),
    h(
      "div",
      { class: "eg-progress", "data-upload-progress": "", hidden: true },
      h(
        "div",
        { class: "eg-progress-words" },
        h("span", { "data-upload-percent": "" }),
        h("span", { class: "eg-secondary", "data-upload-left": "" }),
      ),
      h("progress", { max: 100, value: 0, "aria-label": "Upload" }),
    ),
    h("div", { "data-upload-note": "" }),
    h(
      "div",
      { "data-upload-checks": "", hidden: true },
      h("h2", { class: "eg-h3" }, "Checked in this browser"),
      h("ul", { class: "app-checks", "data-upload-check-list": "" }),
    ),
    h(
      "div",
      { class: "eg-field app-half", "data-upload-title-field": "" },
      h("label", { class: "eg-label", for: "title" }, "Name of the job (optional)"),
      h("input", { class: "eg-input", id: "title", type: "text", maxlength: 100, "data-upload-title": "" }),
    ),
    h(
      "div",
      { class: "eg-field app-half", "data-upload-options": "" },
      h("label", { class: "eg-label", for: "build" }, "Genome build"),
      h(
        "select",
        { class: "eg-select", id: "build", "data-upload-build": "" },
        h("option", { value: "" }, "Detect"),
        options(BUILDS, lastBuild ?? undefined),
      ),
      lastBuildHelp(lastBuild),
    ),
    h(
      "p",
      { class: "eg-actions" },
      h("button", { class: "eg-button eg-button-primary", type: "button", "data-upload-send": "" }, "Annotate"),
      h(
        "a",
        { class: "eg-button eg-button-primary", href: "/subscribe", "data-upload-upgrade": "", hidden: true },
        "Upgrade to Premium",
      ),
      h("button", { class: "eg-button", type: "button", "data-upload-cancel": "", hidden: true }, "Cancel"),
      h("span", { class: "eg-reason", "data-upload-reason": "" }),
    ),
  );
}

/** Without script the choice goes to S3 with the file, before it, and comes back as the object's metadata. */
function plainBuild(lastBuild: Build | null): Html {
  return h(
    "label",
    { class: "eg-field", "data-plain-build": "" },
    h("span", { class: "eg-label" }, "Genome build"),
    h(
      "select",
      { class: "eg-select", id: "plain-build", name: BUILD_FIELD },
      h("option", { value: "" }, "Detect"),
      options(BUILDS, lastBuild ?? undefined),
    ),
    lastBuildHelp(lastBuild),
  );
}

/** A choice that is there already must be seen: it counts more than what the file says. */
function lastBuildHelp(lastBuild: Build | null): Child {
  return (
    lastBuild !== null &&
    h("span", { class: "eg-help" }, `${lastBuild} as for your last job. Choose Detect to let the file decide.`)
  );
}
