import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** `PROVE=1` asks for the long form of the proofs: every repeat, and the times that are shortened otherwise. */
export const IS_PROOF = process.env.PROVE === "1";

export type ResultRow = Readonly<Record<string, string | number>>;

/**
 * Writes `<name>.json` and `<name>.md` into the folder RESULTS_DIR; without it, or without rows, nothing. All rows have
 * the same columns.
 */
export async function keepResults(name: string, title: string, rows: readonly ResultRow[]): Promise<void> {
  const folder = process.env.RESULTS_DIR;
  if (folder === undefined || folder === "" || rows.length === 0) return;
  const form = IS_PROOF ? "full" : "quick";
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify({ name, title, form, rows }, null, 2)}\n`);
  await writeFile(join(folder, `${name}.md`), `## ${title}\n\nThe ${form} form.\n\n${markdownTable(rows)}`);
}

export function markdownTable(rows: readonly ResultRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |\n`;
  const body = rows.map((row) => line(columns.map((column) => row[column] ?? "")));
  return `${line(columns)}${line(columns.map(() => "---"))}${body.join("")}`;
}
