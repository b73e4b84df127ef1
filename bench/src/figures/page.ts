import { readFile, writeFile } from "node:fs/promises";
import { table } from "../prove/words.ts";
import { formatFigure, isMet, type Kept, type KeptFigure } from "./kept.ts";

const BEGIN = "<!-- npm run bench -- --write: begin -->";
const END = "<!-- npm run bench -- --write: end -->";

/** One row for each figure, the measurements in their own order. */
export function figuresTable(figures: readonly KeptFigure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    formatFigure(figure),
    figure.baseline,
    askedText(figure),
    figure.on,
  ]);
  return table(["what", "figure", "against", "asked", "measured on"], rows);
}

function askedText(figure: KeptFigure): string {
  if (figure.asked === undefined) return "";
  const bound = figure.better === "higher" ? "at least" : "at most";
  const met = isMet(figure) ? "met" : "not met";
  return `${bound} ${formatFigure({ value: figure.asked, unit: figure.unit })}: ${met}`;
}

/** The part of docs/performance.md that the command writes. */
export function keptPart({ machine, figures, plots }: Kept): string {
  const pictures = plots.map(({ name, title }) => `![${title}](performance/${name}.svg)`);
  return [machine, figuresTable(figures), ...pictures].join("\n\n");
}

/** Puts the text between the page's markers. Throws where they are missing. */
export async function writeBetweenMarkers(page: string, text: string): Promise<void> {
  const before = await readFile(page, "utf8");
  const [from, to] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${page} has no lines "${BEGIN}" and "${END}".`);
  await writeFile(page, `${before.slice(0, from + BEGIN.length)}\n\n${text}\n\n${before.slice(to)}`);
}
