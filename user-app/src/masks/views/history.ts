import { formatBytes, formatCount, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { icon } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { PHOTO_LIST_TEXTS, PHOTO_LISTS, type PhotoList } from "../photo-lists.ts";
import type { PhotoCounts, PhotoSummary } from "../queries.ts";

export interface HistoryProps {
  readonly list: PhotoList;
  readonly counts: PhotoCounts;
  /** Those of this page. */
  readonly photos: readonly PhotoSummary[];
  /** Place of the first and last photo of the page in the list, from 1. */
  readonly first: number;
  readonly last: number;
  /** Numbers of the pages beside this one. */
  readonly newer: number | undefined;
  readonly older: number | undefined;
}

export function historyView(props: HistoryProps, page: PageContext): Html {
  const { list, counts, photos } = props;
  return fragment(
    h(
      "div",
      { class: "masks-head" },
      h("h1", {}, "Mask history"),
      h("p", { class: "eg-secondary" }, `${formatCountOf(counts.photos, "photo")}, ${formatBytes(counts.sizeBytes)}`),
      h("a", { class: "eg-button eg-button-primary masks-head-end", href: "/masks" }, icon("plus"), "Check a photo"),
    ),
    h(
      "div",
      { class: "masks-bar" },
      h(
        "nav",
        { class: "eg-segments", "aria-label": "Lists" },
        PHOTO_LISTS.map((key) =>
          h(
            "a",
            {
              href: `/masks/history/${key}`,
              "aria-current": key === list ? "page" : undefined,
              "data-mask-list": key,
            },
            `${PHOTO_LIST_TEXTS[key].name} ${formatCount(counts.byList[key])}`,
          ),
        ),
      ),
      h("p", { class: "eg-secondary" }, "Newest first"),
    ),
    photos.length === 0
      ? empty(list)
      : [
          h(
            "ul",
            { class: "masks-grid" },
            photos.map((photo) => card(photo, page)),
          ),
          pager(props),
        ],
  );
}

function empty(list: PhotoList): Html {
  const { emptyTitle, emptySentence } = PHOTO_LIST_TEXTS[list];
  return h(
    "div",
    { class: "eg-panel eg-empty" },
    icon("image"),
    h("p", { class: "eg-empty-title" }, emptyTitle),
    h("p", {}, emptySentence),
    h("a", { class: "eg-button", href: "/masks" }, "Check a photo"),
  );
}

function card({ id, fileName, createdAt, faces, masked }: PhotoSummary, page: PageContext): Html {
  return h(
    "li",
    { class: "eg-panel eg-panel-flush masks-card" },
    h(
      "a",
      { href: `/masks/${id}` },
      h("img", { src: `/masks/${id}/thumbnail`, alt: "", loading: "lazy", width: 360, height: 240 }),
      h("span", { class: "masks-card-name" }, fileName),
    ),
    h(
      "p",
      { class: "eg-small eg-secondary" },
      page.time(createdAt, "near"),
      ` · ${faces === 0 ? "no faces" : `${masked} of ${faces} masked`}`,
    ),
    h(
      "p",
      { class: "eg-small masks-card-links" },
      h("a", { href: `/masks/${id}/original`, "aria-label": `Original of ${fileName}` }, "Original"),
      " ",
      h("a", { href: `/masks/${id}/annotated`, "aria-label": `${fileName} with frames` }, "With frames"),
    ),
  );
}

function pager({ list, counts, first, last, newer, older }: HistoryProps): Html {
  const href = (page: number) => `/masks/history/${list}${page > 1 ? `?page=${page}` : ""}`;
  return h(
    "div",
    { class: "masks-bar" },
    h(
      "p",
      { class: "eg-secondary" },
      newer === undefined && older === undefined
        ? formatCountOf(counts.byList[list], "photo")
        : `${first} to ${last} of ${formatCountOf(counts.byList[list], "photo")}`,
    ),
    h(
      "nav",
      { class: "eg-actions", "aria-label": "Pages" },
      newer !== undefined && h("a", { class: "eg-button", rel: "prev", href: href(newer) }, "Newer"),
      older !== undefined && h("a", { class: "eg-button", rel: "next", href: href(older) }, "Older"),
    ),
  );
}
