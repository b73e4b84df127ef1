import { formatCount } from "@elastic-gas/shared/format/numbers";
import { errorLine } from "@elastic-gas/shared/ui/field";
import { icon, note } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { addressInput, csrfField } from "../../web/views/forms.ts";

/** What the upload page shows beside the form after a refusal. */
export interface Refusal {
  readonly of: "file" | "address";
  readonly status: number;
  readonly sentence: string;
  readonly address?: string;
}

export interface UploadProps {
  /** How many the history holds. */
  readonly photos: number;
  readonly refusal: Refusal | undefined;
  readonly maxBytes: number;
  readonly maxPixels: number;
  /** Why no photo can be checked now. */
  readonly missing: string | undefined;
}

const GETS = [
  "Faces, masked and unmasked, counted",
  "The photo with a frame around each face",
  "Kept in your history; only you see it; delete it whenever you like",
] as const;

export function uploadView(props: UploadProps, page: PageContext): Html {
  const { photos, refusal, missing } = props;
  return fragment(
    h(
      "div",
      { class: "masks-head" },
      h("h1", {}, "Masks"),
      h("p", { class: "eg-secondary" }, "Count faces and masks in a photo"),
      h(
        "a",
        { class: "eg-button masks-head-end", href: "/masks/history" },
        icon("history"),
        `History, ${formatCount(photos)}`,
      ),
    ),
    h(
      "div",
      { class: "masks-split" },
      h(
        "div",
        { class: "masks-stack" },
        missing !== undefined &&
          note({ tone: "warn", start: "Photos cannot be checked now.", text: `${missing} Annotations work.` }),
        fileForm(props, page.csrf),
        addressForm(refusal?.of === "address" ? refusal : undefined, page.csrf),
        progress(),
      ),
      h(
        "aside",
        { class: "eg-panel masks-aside", "aria-labelledby": "masks-get" },
        h("h2", { id: "masks-get" }, "What you get"),
        h(
          "ul",
          { class: "app-checks app-gap" },
          GETS.map((text) =>
            h("li", { class: "eg-tone-ok" }, icon("disc-check"), h("span", { class: "app-ink" }, text)),
          ),
        ),
      ),
    ),
  );
}

function fileForm({ refusal, maxBytes, maxPixels }: UploadProps, csrf: string): Html {
  const error = refusal?.of === "file" ? refusal.sentence : undefined;
  return h(
    "form",
    {
      class: "masks-drop",
      method: "post",
      // The token of a multipart form stands in the address, where it is found before the body is read.
      action: `/masks?_csrf=${encodeURIComponent(csrf)}`,
      enctype: "multipart/form-data",
      "data-mask-upload": "",
      "data-max-bytes": maxBytes,
    },
    icon("image"),
    h("p", { class: "masks-drop-title", "data-mask-drop-words": "" }, "Choose a photo"),
    h("label", { class: "visually-hidden", for: "mask-file" }, "Photo"),
    h("input", {
      class: "eg-input masks-file",
      id: "mask-file",
      type: "file",
      name: "file",
      accept: "image/jpeg,image/png,image/webp,image/gif,image/avif",
      required: true,
      "aria-describedby": `mask-file-help${error === undefined ? "" : " mask-file-error"}`,
      "aria-invalid": error === undefined ? undefined : "true",
    }),
    h(
      "p",
      {
        class: "eg-error",
        id: "mask-file-error",
        "data-mask-error": "",
        role: error === undefined ? undefined : "alert",
        hidden: error === undefined,
      },
      error,
    ),
    h("button", { class: "eg-button eg-button-primary", type: "submit", "data-mask-submit": "" }, "Check this photo"),
    h(
      "p",
      { class: "eg-help", id: "mask-file-help" },
      `JPEG, PNG, WebP, GIF or AVIF, up to ${maxBytes / 1e6}\u00a0MB and ${maxPixels / 1e6}\u00a0megapixels.`,
    ),
  );
}

function addressForm(refusal: Refusal | undefined, csrf: string): Html {
  return h(
    "form",
    { class: "eg-panel eg-form", method: "post", action: "/masks", "data-mask-address": "" },
    csrfField(csrf),
    h(
      "div",
      { class: "eg-field" },
      h("h2", {}, h("label", { for: "mask-url" }, "From an address")),
      h(
        "div",
        { class: "masks-address" },
        addressInput("mask-url", refusal),
        h("button", { class: "eg-button", type: "submit" }, "Fetch"),
      ),
      errorLine(refusal?.sentence, "mask-url-error"),
    ),
  );
}

function progress(): Html {
  return h(
    "div",
    { class: "eg-panel masks-progress", "data-mask-progress": "", hidden: true },
    h(
      "div",
      { class: "eg-progress masks-progress-main" },
      h(
        "p",
        {},
        h("strong", { "data-mask-name": "" }),
        " ",
        h("span", { class: "eg-secondary", "data-mask-size": "" }),
      ),
      h("p", { class: "eg-small", "data-mask-words": "" }),
      h("progress", { max: 1, value: 0, "aria-label": "Sent", "data-mask-bar": "" }),
    ),
    h("button", { class: "eg-button eg-button-small", type: "button", "data-mask-cancel": "" }, "Cancel"),
  );
}
