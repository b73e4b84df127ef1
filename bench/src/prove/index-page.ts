import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Proof } from "./proof.ts";
import { type Result, readResults, resultWord } from "./results.ts";
import { table } from "./words.ts";

const INDEX = "README.md";
const SHOWN_FIGURES = 4;

/** Writes the index of a results folder from the files that lie in it. */
export async function writeIndex(folder: string, proofs: readonly Proof[]): Promise<void> {
  const results = await readResults(
    folder,
    proofs.map(({ name }) => name),
  );
  const own = new Set([...results.map(({ name }) => name), "README"]);
  const files = (await readdir(folder)).filter((file) => /\.(md|json)$/.test(file)).sort();
  const names = [...new Set(files.map((file) => file.replace(/\.\w+$/, "")))].filter((name) => !own.has(name));
  const others = await Promise.all(names.map((name) => readOther(folder, name, files)));
  await writeFile(join(folder, INDEX), indexPage(proofs, results, others));
}

/** What a part's own test left in the folder: a Markdown page, a JSON file, or both. */
export interface Other {
  readonly file: string;
  readonly title: string;
  readonly inShort: string;
}

async function readOther(folder: string, name: string, files: readonly string[]): Promise<Other> {
  const read = async (file: string) => (files.includes(file) ? readFile(join(folder, file), "utf8") : undefined);
  const [page, json] = [await read(`${name}.md`), await read(`${name}.json`)];
  return otherOf(name, { page, json });
}

/** Title and short content of a result in somebody else's form: its top-level values, else the number of its rows. */
export function otherOf(name: string, { page, json }: { readonly page?: string; readonly json?: string }): Other {
  const parsed: unknown = json === undefined ? {} : JSON.parse(json);
  const entries = typeof parsed === "object" && parsed !== null ? Object.entries(parsed) : [];
  const title = entries.find(([key]) => key === "title")?.[1] ?? /^#+ (.*)/m.exec(page ?? "")?.[1] ?? name;
  const shown = entries.flatMap(([key, value]) => {
    if (["name", "title", "at"].includes(key)) return [];
    // `mostPointsApart` reads "most points apart".
    const label = key.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    if (Array.isArray(value)) return [`${value.length} ${label}`];
    if (typeof value === "number") return [`${label}: ${value.toLocaleString("en-US", { maximumFractionDigits: 3 })}`];
    return ["string", "boolean"].includes(typeof value) ? [`${label}: ${String(value)}`] : [];
  });
  return { file: page === undefined ? `${name}.json` : `${name}.md`, title: String(title), inShort: shown.join("; ") };
}

function indexPage(proofs: readonly Proof[], results: readonly Result[], others: readonly Other[]): string {
  const missing = proofs.filter(({ name }) => !results.some((result) => result.name === name));
  const figure = ({ label, value }: Result["figures"][number]) => `${label}: ${value}`;
  const rows = results.map((result) => [
    `[${result.title}](${result.name}.md)`,
    resultWord(result),
    result.figures.slice(0, SHOWN_FIGURES).map(figure).join("; "),
    `${result.at.slice(0, 10)}`,
  ]);
  const parts = [
    "# Results",
    "What the whole system was seen to do at the default times. Everything here is written by `npm run prove`, the simulator's pages by the command that they name; nothing is edited by hand.",
    table(["what", "result", "figures", "date"], rows),
    missing.length === 0 ? "" : `Not run yet: ${missing.map(({ name }) => `\`${name}\``).join(", ")}.`,
    results.map(({ title, name, statement }) => `- **[${title}](${name}.md).** ${statement}`).join("\n"),
    others.length === 0 ? "" : "## Heavy forms of the parts' tests",
    others.length === 0
      ? ""
      : table(
          ["what", "in short"],
          others.map(({ file, title, inShort }) => [`[${title}](${file})`, inShort]),
        ),
    "## Run them again",
    [
      "```bash",
      "npm run prove                              # all of them, one after the other: about five hours",
      ...proofs.map(({ name, title }) => `${`npm run prove -- ${name}`.padEnd(42)} # ${title}`),
      "npm run prove -- parts --only autoscaler   # the heavy tests of one part",
      "npm run prove -- faults --soak 8h          # a random fault each 2 to 5 minutes, for so long; --seed repeats them",
      "npm run prove -- faults --long             # every service of AWS at once, for 20 minutes: about three hours",
      "npm run prove -- elastic-cpu --quick       # in minutes, with short times; writes to .data/results-quick",
      "```",
    ].join("\n"),
    "Each proof starts the whole system by `./start.sh` with a data folder and ports of its own. Run them on a quiet machine: they measure time.",
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
