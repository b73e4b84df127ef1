import { type Child, type Html, h } from "@elastic-gas/shared/web/html";

/** A figure, or nothing. */
const FIGURE = /^[$<\d–,.\s%-]*$/;

/** Columns of figures are set at the end. With `stacks`, each row is a block on a narrow screen. */
export function reportTable(
  heads: readonly string[],
  rows: readonly (readonly Child[])[],
  { stacks = false }: { readonly stacks?: boolean } = {},
): Html {
  const classes = heads.map((_, column) =>
    column > 0 && rows.every((row) => typeof row[column] === "string" && FIGURE.test(row[column]))
      ? "number"
      : undefined,
  );
  return h(
    "div",
    { class: "scroll" },
    h(
      "table",
      { class: stacks ? "stacks" : undefined },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head, column) => h("th", { scope: "col", class: classes[column] }, head)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell, column) => h("td", { class: classes[column] }, cell)),
          ),
        ),
      ),
    ),
  );
}
