import type { FaceBox } from "@elastic-gas/shared/database/tables";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField } from "../../web/views/forms.ts";
import { listOf, PHOTO_LIST_TEXTS } from "../photo-lists.ts";
import type { Photo } from "../queries.ts";

export function resultView({ photo }: { readonly photo: Photo }, page: PageContext): Html {
  const list = listOf(photo);
  const listName = PHOTO_LIST_TEXTS[list].name;
  const base = `/masks/${photo.id}`;
  return fragment(
    h(
      "nav",
      { class: "masks-path", "aria-label": "Path" },
      h("a", { href: "/masks" }, "Masks"),
      " / ",
      h("a", { href: `/masks/history/${list}` }, listName),
    ),
    h(
      "div",
      { class: "masks-head" },
      h("h1", { class: "masks-name" }, photo.fileName),
      h(
        "p",
        { class: "eg-secondary" },
        page.time(photo.createdAt, "near"),
        `, ${formatBytes(photo.sizeBytes)}, ${photo.width} × ${photo.height}`,
      ),
      h(
        "div",
        { class: "eg-actions masks-head-end" },
        h("a", { class: "eg-button", href: `${base}/annotated?download` }, icon("download"), "Download"),
        deleteMenu(photo, page.csrf),
      ),
    ),
    figures(photo, listName),
    h(
      "div",
      { class: "masks-pictures" },
      photo.faces > 0 &&
        picture(photo, {
          href: `${base}/annotated`,
          alt: `${photo.fileName} with a frame around each face: ${photo.masked} with mask, ${photo.unmasked} without`,
          caption: "With frames",
        }),
      picture(photo, {
        href: `${base}/original`,
        alt: `${photo.fileName} as it was uploaded`,
        caption: "Original",
      }),
    ),
    photo.boxes.length > 0 && facesTable(photo.boxes),
  );
}

function deleteMenu({ id, fileName }: Photo, csrf: string): Html {
  return h(
    "details",
    { class: "eg-menu", "data-menu": "" },
    h("summary", { class: "eg-button" }, icon("trash"), "Delete"),
    h(
      "form",
      { class: "eg-menu-list masks-delete", method: "post", action: `/masks/${id}/delete` },
      csrfField(csrf),
      h("p", {}, "The photo, its frames and its counts are deleted. This cannot be undone."),
      h("button", { type: "submit" }, `Delete ${fileName}`),
    ),
  );
}

function figures({ faces, masked, unmasked }: Photo, listName: string): Html {
  return h(
    "dl",
    { class: "masks-figures" },
    h(
      "div",
      { class: "eg-panel" },
      h("dt", {}, "faces"),
      h("dd", { class: "eg-figure", "data-mask-faces": "" }, faces),
    ),
    h(
      "div",
      { class: "eg-panel" },
      h("dt", { class: "eg-state eg-tone-ok" }, icon("disc-check"), "with mask"),
      h("dd", { class: "eg-figure", "data-mask-masked": "" }, masked),
    ),
    h(
      "div",
      { class: "eg-panel" },
      h("dt", { class: "eg-state eg-tone-bad" }, icon("ring-cross"), "without mask"),
      h("dd", { class: "eg-figure", "data-mask-unmasked": "" }, unmasked),
    ),
    h(
      "div",
      { class: "eg-panel masks-figures-words" },
      h("dt", {}, listName),
      h(
        "dd",
        { class: "eg-small eg-secondary" },
        faces === 0
          ? "No face was found, so no frame was drawn."
          : "Each frame is labelled: green ✓ mask, red ✕ no mask, with the detector’s confidence. The table lists the faces from left to right.",
      ),
    ),
  );
}

function picture(
  { width, height }: Photo,
  { href, alt, caption }: { readonly href: string; readonly alt: string; readonly caption: string },
): Html {
  return h(
    "figure",
    { class: "eg-panel eg-panel-flush" },
    h("a", { href }, h("img", { src: href, width, height, alt })),
    h("figcaption", { class: "eg-small eg-secondary" }, caption),
  );
}

function facesTable(boxes: readonly FaceBox[]): Html {
  const row = ({ masked, confidence, width, height }: FaceBox, index: number): Child =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, index + 1),
      h(
        "td",
        {},
        h(
          "span",
          { class: `eg-state eg-nowrap eg-tone-${masked ? "ok" : "bad"}` },
          icon(masked ? "disc-check" : "ring-cross"),
          masked ? "mask" : "no mask",
        ),
      ),
      h("td", { class: "eg-number" }, confidence.toFixed(2)),
      h("td", { class: "eg-number" }, `${width} × ${height}`),
    );
  return h(
    "div",
    { class: "eg-panel eg-panel-flush" },
    h(
      "div",
      { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": "Faces" },
      h(
        "table",
        { class: "eg-table" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Face"),
            h("th", { scope: "col" }, "Result"),
            h("th", { scope: "col", class: "eg-number" }, "Confidence"),
            h("th", { scope: "col", class: "eg-number" }, "Size, px"),
          ),
        ),
        h("tbody", {}, boxes.map(row)),
      ),
    ),
  );
}
