import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../prove/machine.ts";
import { timeSpan } from "../prove/words.ts";
import { growthPlot } from "./growth-plot.ts";
import { findFalls, type KeptFigure, readKept, replaceFigures, writeKept } from "./kept.ts";
import type { Growth, Measurement } from "./measurement.ts";
import { MEASUREMENTS } from "./measurements.ts";
import { figuresTable, keptPart, writeBetweenMarkers } from "./page.ts";

const root = join(import.meta.dirname, "../../..");
const PAGE = join(root, "docs/performance.md");
const PLOTS = join(root, "docs/performance");
const KEPT = join(PLOTS, "figures.json");

const HELP = `npm run bench -- [name ...] [--quick] [--write]
Measures, each figure beside its baseline in the same run, and prints the table.
  --quick  smaller and shorter: shows that it runs, not how fast
  --write  keeps the figures in docs/performance/figures.json and docs/performance.md

${MEASUREMENTS.map(({ name, about, minutes }) => `  ${name.padEnd(14)} ${about} (about ${minutes} min)`).join("\n")}`;

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const unknown = names.filter((name) => !MEASUREMENTS.some((measurement) => measurement.name === name));
if (values.help) console.log(HELP);
else if (unknown.length > 0) refuse(`Unknown measurement: ${unknown.join(", ")}.\n\n${HELP}`);
else if (values.quick && values.write) refuse("The figures of --quick are not kept: leave out --quick or --write.");
else process.exit((await measureAll()) ? 0 : 1);

async function measureAll(): Promise<boolean> {
  const kept = await readKept(KEPT);
  const fresh: KeptFigure[] = [];
  const growth: Growth[] = [];
  const failed: string[] = [];
  const on = new Date().toISOString().slice(0, 10);
  for (const measurement of MEASUREMENTS) {
    if (names.length > 0 && !names.includes(measurement.name)) continue;
    const measured = await attempt(measurement);
    if (measured === null) failed.push(measurement.name);
    else {
      fresh.push(...measured.figures.map((figure) => ({ ...figure, measurement: measurement.name, on })));
      growth.push(...(measured.growth ?? []));
    }
  }
  console.log(`\n${figuresTable(fresh)}\n`);
  if (!values.quick) for (const fall of findFalls(fresh, kept.figures)) console.log(`warning: ${fall}`);
  if (values.write) await keep(fresh, growth, kept.figures);
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

async function keep(fresh: readonly KeptFigure[], growth: readonly Growth[], before: readonly KeptFigure[]) {
  const order = MEASUREMENTS.map(({ name }) => name);
  const figures = replaceFigures(before, fresh, order);
  const machine = describeMachine(root)
    .map(({ label, value }) => `${label}: ${value}`)
    .join("; ");
  for (const each of growth) await writeFile(join(PLOTS, `${each.name}.svg`), growthPlot(each));
  await writeKept(KEPT, { machine, figures });
  const plots = MEASUREMENTS.flatMap(({ plots: drawn }) => drawn ?? []);
  await writeBetweenMarkers(PAGE, keptPart({ machine, figures }, plots));
}

function refuse(text: string): void {
  console.error(text);
  process.exitCode = 2;
}
