/** Columns of text, the longest entry giving the width; the last one is not padded. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ""))));
  return lines
    .map((line) =>
      heads
        .map((_, column) => {
          const text = line[column] ?? "";
          return column === heads.length - 1 ? text : text + " ".repeat((widths[column] ?? 0) - width(text));
        })
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

/** In characters, not in UTF-16 units; a terminal shows all that occur here in one cell. */
function width(text: string): number {
  return [...text].length;
}
