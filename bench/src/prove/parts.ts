import { spawn } from "node:child_process";
import { glob, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { z } from "zod";
import type { Proof } from "./proof.ts";
import { table, timeSpan } from "./words.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** A test file that has a heavy form asks for it by one of these names. */
const HEAVY = /\bIS_PROOF\b|\bprocess\.env\.PROVE\b/;

const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      startTime: z.number(),
      endTime: z.number(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});
type TestFile = z.infer<typeof VitestReport>["testResults"][number];

export const parts: Proof = {
  name: "parts",
  title: "The parts' tests in their heavy form",
  statement:
    "The tests of the parts that have a heavy form (faults at every call, long pauses, other clients of AWS, many viewers), run with every repeat and at full length. What they measure lies beside this page.",
  async run({ folder, only, say }) {
    const heavy = await heavyTestFiles();
    const files = heavy.filter((file) => file.includes(only));
    if (files.length === 0) throw new Error("No test file has a heavy form.");
    say(`vitest on ${files.length} files`);
    const now = (await runVitest(files, folder)).map((result) => ({ ...result, name: relative(ROOT, result.name) }));
    const earlier = only === "" ? [] : await earlierResults(folder);
    // What was not run again stays, with its date.
    const results = [...now, ...earlier.filter(({ name }) => heavy.includes(name) && !files.includes(name))].sort(
      (one, other) => one.name.localeCompare(other.name),
    );
    const tests = results.flatMap(({ assertionResults }) => assertionResults);
    const failed = tests.filter(({ status }) => status === "failed").length;
    const skipped = tests.filter(({ status }) => status !== "failed" && status !== "passed").length;
    const missing = heavy.filter((file) => !results.some(({ name }) => name === file));
    return {
      checks: results.map((result) => ({
        what: `\`${result.name}\``,
        measured: outcomeOf(result),
        ok: result.status === "passed",
      })),
      figures: [
        { label: "tests", value: `${tests.length - skipped}, ${failed} failed` },
        { label: "files", value: String(results.length) },
        { label: "skipped", value: String(skipped) },
        { label: "not run", value: missing.length === 0 ? "none" : missing.join(", ") },
      ],
      settings: [{ label: "PROVE", value: "1" }],
      details: [
        "What they measured lies beside this page; the [index](README.md) lists it.",
        "## Tests",
        table(
          ["file", "test", "result"],
          results.flatMap(({ name, assertionResults }) =>
            assertionResults.map(({ fullName, status }) => [name, fullName, status]),
          ),
        ),
      ].join("\n\n"),
      data: { results },
    };
  },
};

/** What an earlier run measured, file names from the project's root. */
async function earlierResults(folder: string): Promise<readonly TestFile[]> {
  try {
    const text = await readFile(join(folder, "parts.json"), "utf8");
    return z.object({ data: z.object({ results: VitestReport.shape.testResults }) }).parse(JSON.parse(text)).data
      .results;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** Paths from the project's root. */
async function heavyTestFiles(): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const file of glob(["*/src/**/*.test.ts", "tests/*.test.ts"], { cwd: ROOT, exclude: ["node_modules/**"] }))
    if (HEAVY.test(await readFile(join(ROOT, file), "utf8"))) found.push(file);
  return found.sort();
}

async function runVitest(files: readonly string[], resultsFolder: string): Promise<readonly TestFile[]> {
  const folder = await mkdtemp(join(tmpdir(), "gas-parts-"));
  try {
    const report = join(folder, "vitest.json");
    // One file at a time: they measure, and some fill the machine.
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`, "--no-file-parallelism"];
    const child = spawn("vitest", ["run", ...reporters, ...files], {
      cwd: ROOT,
      env: { ...process.env, PROVE: "1", RESULTS_DIR: resultsFolder },
      stdio: ["ignore", "inherit", "inherit"],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => resolve());
    });
    return VitestReport.parse(JSON.parse(await readFile(report, "utf8"))).testResults;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function outcomeOf(file: TestFile): string {
  const count = (status: string) => file.assertionResults.filter((test) => test.status === status).length;
  const [ok, failed] = [count("passed"), count("failed")];
  const skipped = file.assertionResults.length - ok - failed;
  const words = [
    `${ok} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  const day = new Date(file.startTime).toISOString().slice(0, 10);
  return `${words.join(", ")}, ${timeSpan(file.endTime - file.startTime)}, ${day}`;
}
