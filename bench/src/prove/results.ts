import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeMachine } from "./machine.ts";
import { type Findings, type Proof, passed } from "./proof.ts";
import { table, timeSpan } from "./words.ts";

const Labelled = z.object({ label: z.string(), value: z.string() });

/** The part of a result file that is the same for every proof; `data` is the proof's own. */
export const Result = z.object({
  name: z.string(),
  title: z.string(),
  statement: z.string(),
  passed: z.boolean(),
  quick: z.boolean(),
  /** When it began. */
  at: z.iso.datetime(),
  seconds: z.number(),
  figures: z.array(Labelled),
  checks: z.array(z.object({ what: z.string(), measured: z.string(), ok: z.boolean() })),
  settings: z.array(Labelled),
  machine: z.array(Labelled),
});
export type Result = z.infer<typeof Result>;

export interface Run {
  readonly root: string;
  readonly folder: string;
  readonly quick: boolean;
  readonly startedAt: number;
  /** What follows `npm run prove -- `, where that is more than the proof's name. */
  readonly command?: string;
}

/** Writes `<name>.md`, `<name>.json` and the charts. */
export async function writeResult(proof: Proof, findings: Findings, run: Run): Promise<Result> {
  const { figures, checks, settings, charts = [], details, data } = findings;
  const result: Result = {
    name: proof.name,
    title: proof.title,
    statement: proof.statement,
    passed: passed(findings),
    quick: run.quick,
    at: new Date(run.startedAt).toISOString(),
    seconds: Math.round((Date.now() - run.startedAt) / 1_000),
    figures: [...figures],
    checks: [...checks],
    settings: [...settings],
    machine: [...describeMachine(run.root)],
  };
  const at = (file: string) => join(run.folder, file);
  for (const { file, svg } of charts) await writeFile(at(file), svg);
  await writeFile(at(`${proof.name}.json`), `${JSON.stringify({ ...result, data }, null, 1)}\n`);
  const pictures = charts.map(({ file, text }) => `![${text}](${file})`).join("\n\n");
  await writeFile(
    at(`${proof.name}.md`),
    resultPage(result, { command: run.command ?? proof.name, pictures, details }),
  );
  return result;
}

/** Every result of ours in a folder, in the order of `names`, others after them. */
export async function readResults(folder: string, names: readonly string[]): Promise<readonly Result[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".json"));
  const results = await Promise.all(
    files.map(async (file) => Result.safeParse(JSON.parse(await readFile(join(folder, file), "utf8")))),
  );
  const place = ({ name }: Result) => (names.includes(name) ? names.indexOf(name) : names.length);
  return results.flatMap(({ data }) => (data === undefined ? [] : [data])).toSorted((a, b) => place(a) - place(b));
}

export function resultWord({ passed: ok, quick }: Pick<Result, "passed" | "quick">): string {
  return `${ok ? "passed" : "FAILED"}${quick ? " (quick form)" : ""}`;
}

function resultPage(
  result: Result,
  { command, pictures, details }: { readonly command: string; readonly pictures: string; readonly details: string },
): string {
  const { title, statement, at, seconds, name, checks, figures, settings, machine, quick } = result;
  const rows = (labelled: Result["settings"]) => labelled.map(({ label, value }) => [label, value]);
  const parts = [
    `# ${title}`,
    statement,
    `**${capital(resultWord(result))}**, ${at.slice(0, 16).replace("T", " ")} UTC, in ${timeSpan(seconds * 1_000)}. Made by \`npm run prove -- ${command}${quick ? " --quick" : ""}\`; every number on this page is measured, [${name}.json](${name}.json) has all of them.`,
    pictures,
    table(["figure", "value"], rows(figures)),
    "## Checks",
    table(
      ["", "what", "measured"],
      checks.map(({ ok, what, measured }) => [ok ? "✓" : "✗", what, measured]),
    ),
    details,
    "## Settings and machine",
    table(["setting", "value"], [...rows(settings), ...rows(machine)]),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
