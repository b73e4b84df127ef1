import { formatCount, formatShare } from "@elastic-gas/shared/format/numbers";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { bars } from "../figures.ts";

const MAX_BARS = 40;
/** Longer names take several lines, so that the bars keep their room. */
const LONG_NAME = 16;

export interface BarTableProps {
  /** What the first column names. */
  readonly head: string;
  readonly counts: readonly { readonly name: string; readonly count: number }[];
  readonly look?: "eg-bars-requests";
  /** What a name means, shown on hover. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** Adds a column with each one's share of all. */
  readonly shares?: boolean;
}

/** Counts as a table with a bar in each row. */
export function barTable({ head, counts, look, meanings = {}, shares = false }: BarTableProps): Html {
  return h(
    "table",
    { class: look === undefined ? "eg-bars" : `eg-bars ${look}` },
    h(
      "thead",
      { class: "visually-hidden" },
      h(
        "tr",
        {},
        h("th", { scope: "col" }, head),
        h("td", {}),
        h("th", { scope: "col" }, "Number"),
        shares && h("th", { scope: "col" }, "Share"),
      ),
    ),
    h(
      "tbody",
      {},
      bars(counts, MAX_BARS).map(({ name, count, share, percent }) =>
        h(
          "tr",
          {},
          h(
            "th",
            {
              scope: "row",
              class: name.length > LONG_NAME ? "eg-bars-long" : undefined,
              title: meanings[name],
            },
            name,
          ),
          h(
            "td",
            { class: "eg-bars-bar" },
            h(
              "svg",
              { width: 100, height: 10, viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
              h("rect", { width: percent.toFixed(2), height: 10, rx: 1 }),
            ),
          ),
          h("td", { class: "eg-bars-number" }, formatCount(count)),
          shares && h("td", { class: "eg-bars-share" }, formatShare(share)),
        ),
      ),
    ),
  );
}
