import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseCommandLine, readCommandLine, UsageError } from "@elastic-gas/shared/command-line";
import { describeMachine } from "../prove/machine.ts";
import { timeSpan } from "../prove/words.ts";
import { growthPlot } from "./growth-plot.ts";
import { findFalls, type Kept, type KeptFigure, type KeptPlot, readKept, replaceMeasured, writeKept } from "./kept.ts";
import type { Growth, Measurement } from "./measurement.ts";
import { MEASUREMENTS } from "./measurements.ts";
import { figuresTable, keptPart, writeBetweenMarkers } from "./page.ts";

const root = join(import.meta.dirname, "../../..");
const PAGE = join(root, "docs/performance.md");
const PLOTS = join(root, "docs/performance");
const KEPT = join(PLOTS, "figures.json");

const USAGE = `npm run bench -- [name ...] [--quick] [--write]
Measures, each figure beside its baseline in the same run, and prints the table.
  --quick  smaller and shorter: shows that it runs, not how fast
  --write  keeps the figures in docs/performance/figures.json and docs/performance.md

${MEASUREMENTS.map(({ name, about, minutes }) => `  ${name.padEnd(14)} ${about} (about ${minutes} min)`).join("\n")}`;

const { values, names } = readCommandLine(USAGE, (args) => {
  const { values, positionals } = parseCommandLine({
    args: [...args],
    allowPositionals: true,
    options: { quick: { type: "boolean", default: false }, write: { type: "boolean", default: false } },
  });
  const unknown = positionals.filter((name) => !MEASUREMENTS.some((measurement) => measurement.name === name));
  if (unknown.length > 0) throw new UsageError(`Unknown measurement: ${unknown.join(", ")}.`);
  if (values.quick && values.write)
    throw new UsageError("The figures of --quick are not kept: leave out --quick or --write.");
  return { values, names: positionals };
});
process.exit((await measureAll()) ? 0 : 1);

async function measureAll(): Promise<boolean> {
  const kept = await readKept(KEPT);
  const fresh: KeptFigure[] = [];
  const growth: (Growth & KeptPlot)[] = [];
  const failed: string[] = [];
  const on = new Date().toISOString().slice(0, 10);
  for (const measurement of MEASUREMENTS) {
    if (names.length > 0 && !names.includes(measurement.name)) continue;
    const measured = await attempt(measurement);
    if (measured === null) failed.push(measurement.name);
    else {
      fresh.push(...measured.figures.map((figure) => ({ ...figure, measurement: measurement.name, on })));
      growth.push(...(measured.growth ?? []).map((each) => ({ ...each, measurement: measurement.name })));
    }
  }
  console.log(`\n${figuresTable(fresh)}\n`);
  if (!values.quick) for (const fall of findFalls(fresh, kept.figures)) console.log(`warning: ${fall}`);
  if (values.write) await keep({ fresh, growth }, kept);
  if (failed.length > 0) console.error(`Could not be measured: ${failed.join(", ")}.`);
  return failed.length === 0;
}

async function attempt({ name, about, measure }: Measurement) {
  const startedAt = Date.now();
  const say = (line: string) => console.log(`${timeSpan(Date.now() - startedAt).padStart(9)}  ${line}`);
  console.log(`\n${name}: ${about}`);
  try {
    return await measure({ quick: values.quick, say });
  } catch (error) {
    console.error(`${name} could not be measured.`, error);
    return null;
  }
}

async function keep(
  { fresh, growth }: { readonly fresh: readonly KeptFigure[]; readonly growth: readonly (Growth & KeptPlot)[] },
  before: Kept,
): Promise<void> {
  const order = MEASUREMENTS.map(({ name }) => name);
  const figures = replaceMeasured(before.figures, fresh, order);
  const drawn = growth.map(({ measurement, name, title }) => ({ measurement, name, title }));
  const plots = replaceMeasured(before.plots, drawn, order);
  const machine = describeMachine(root)
    .map(({ label, value }) => `${label}: ${value}`)
    .join("; ");
  for (const each of growth) await writeFile(join(PLOTS, `${each.name}.svg`), growthPlot(each));
  const kept = { machine, figures, plots };
  await writeKept(KEPT, kept);
  await writeBetweenMarkers(PAGE, keptPart(kept));
}
