import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { Figure } from "./measurement.ts";

/** A fall by more than this against the last kept run is told. */
const TOLERANCE = 0.1;

const KeptFigure = z.object({
  measurement: z.string(),
  name: z.string(),
  what: z.string(),
  value: z.number(),
  unit: z.enum(["ratio", "ms", "s", "MB", "KB", "count"]),
  baseline: z.string(),
  better: z.enum(["higher", "lower"]),
  asked: z.number().optional(),
  isComparable: z.literal(false).optional(),
  /** Day of the run. */
  on: z.iso.date(),
});
const KeptPlot = z.object({ measurement: z.string(), name: z.string(), title: z.string() });
const Kept = z.object({ machine: z.string(), figures: z.array(KeptFigure), plots: z.array(KeptPlot) });

export type KeptFigure = Figure & { readonly measurement: string; readonly on: string };
export interface Kept {
  readonly machine: string;
  readonly figures: readonly KeptFigure[];
  readonly plots: readonly KeptPlot[];
}
/** A growth law that is drawn in a file of this name. */
export type KeptPlot = z.infer<typeof KeptPlot>;

/** The last kept run; none where the file is not there yet. */
export async function readKept(file: string): Promise<Kept> {
  try {
    return Kept.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { machine: "", figures: [], plots: [] };
    throw error;
  }
}

export async function writeKept(file: string, kept: Kept): Promise<void> {
  await writeFile(file, `${JSON.stringify(kept, null, 2)}\n`);
}

/** What the measurements that ran gave, in place of what is kept of the same measurements; the rest stays. */
export function replaceMeasured<Of extends { readonly measurement: string }>(
  kept: readonly Of[],
  fresh: readonly Of[],
  order: readonly string[],
): readonly Of[] {
  const ran = new Set(fresh.map(({ measurement }) => measurement));
  const place = ({ measurement }: Of) => order.indexOf(measurement);
  return [...kept.filter(({ measurement }) => !ran.has(measurement)), ...fresh]
    .filter((each) => place(each) >= 0)
    .toSorted((a, b) => place(a) - place(b));
}

/** How much worse a figure is than the kept one, as a share of that; negative where it is better. */
function lossOf(now: Figure, before: Figure): number {
  if (before.value === 0) return 0;
  const change = (now.value - before.value) / before.value;
  return now.better === "higher" ? -change : change;
}

/** A sentence for each figure that is worse by more than a tenth than the last kept one. */
export function findFalls(fresh: readonly KeptFigure[], kept: readonly KeptFigure[]): readonly string[] {
  return fresh.flatMap((now) => {
    const before = kept.find(({ measurement, name }) => measurement === now.measurement && name === now.name);
    if (before === undefined || now.isComparable === false) return [];
    const loss = lossOf(now, before);
    if (loss <= TOLERANCE) return [];
    return [
      `${now.what}: ${formatFigure(now)} now, ${formatFigure(before)} on ${before.on}: ${Math.round(loss * 100)} % worse. Run it once more on a quiet machine; if it stays, look for the change since.`,
    ];
  });
}

const UNITS = { ratio: "", count: "", ms: " ms", s: " s", MB: " MB", KB: " KB" } as const;

/** At most three digits that count: `0.54`, `12.3 MB`, `148 KB`. */
export function formatFigure({ value, unit }: Pick<Figure, "value" | "unit">): string {
  return `${formatNumber(value, unit)}${UNITS[unit]}`;
}

function formatNumber(value: number, unit: Figure["unit"]): string {
  if (unit === "count" && Number.isInteger(value)) return value.toLocaleString("en-US");
  if (unit === "ratio" && value < 10) return value.toFixed(2);
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return Number(value.toPrecision(3)).toString();
}

/** Whether a figure is what was asked; undefined where nothing was. */
export function isMet({ value, asked, better }: Pick<Figure, "value" | "asked" | "better">): boolean | undefined {
  if (asked === undefined) return undefined;
  return better === "higher" ? value >= asked : value <= asked;
}
