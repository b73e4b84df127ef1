import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { otherOf, writeIndex } from "./index-page.ts";
import type { Findings, Proof } from "./proof.ts";
import { writeResult } from "./results.ts";

const FINDINGS: Findings = {
  checks: [{ what: "it holds", measured: "yes | no", ok: true }],
  figures: [{ label: "workers", value: "1 → 2" }],
  settings: [{ label: "TICK_SECONDS", value: "60" }],
  details: "",
  data: { numbers: [1, 2] },
};
const proof = (name: string): Proof => ({
  name,
  title: `About ${name}`,
  statement: "It does.",
  run: () => Promise.resolve(FINDINGS),
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "gas-results-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("a result page names outcome, checks, settings and machine, and the JSON file has the data", async () => {
  const path = await folder();
  const run = { root: path, folder: path, quick: false, startedAt: Date.parse("2026-01-05T14:00:00Z") };
  expect((await writeResult(proof("a"), FINDINGS, run)).passed).toBe(true);
  const page = await readFile(join(path, "a.md"), "utf8");
  for (const text of ["# About a", "**Passed**, 2026-01-05 14:00 UTC", "yes \\| no", "| TICK_SECONDS | 60 |", "cores"])
    expect(page).toContain(text);
  expect(JSON.parse(await readFile(join(path, "a.json"), "utf8"))).toMatchObject({ data: { numbers: [1, 2] } });
});

test("the index shows every result in the folder, also a failed one and those of the parts, and what has not run", async () => {
  const path = await folder();
  const run = { root: path, folder: path, quick: false, startedAt: Date.now() };
  const failed = { ...FINDINGS, checks: [{ what: "it holds", measured: "no", ok: false }] };
  await writeResult(proof("b"), failed, run);
  await writeResult(proof("a"), FINDINGS, run);
  await writeFile(join(path, "faults.json"), '{"title": "Faults", "form": "full", "rows": [1, 2, 3]}');
  await writeIndex(path, [proof("a"), proof("b"), proof("c")]);
  const index = await readFile(join(path, "README.md"), "utf8");
  expect(index).toMatch(/\[About a\]\(a\.md\) \| passed \| workers: 1 → 2[\s\S]*\[About b\]\(b\.md\) \| FAILED/);
  expect(index).toContain("Not run yet: `c`.");
  expect(index).toContain("| [Faults](faults.json) | form: full; 3 rows |");
});

test("a proof without checks has not passed", async () => {
  const path = await folder();
  const run = { root: path, folder: path, quick: false, startedAt: Date.now() };
  expect((await writeResult(proof("a"), { ...FINDINGS, checks: [] }, run)).passed).toBe(false);
});

test("a part's result is named by its title, its heading or its file", () => {
  expect(otherOf("x", { page: "## Heading\n\ntext" })).toEqual({ file: "x.md", title: "Heading", inShort: "" });
  expect(otherOf("x", { json: '{"callsAlone": 3000, "ratio": 1.98976645}' })).toEqual({
    file: "x.json",
    title: "x",
    inShort: "calls alone: 3,000; ratio: 1.99",
  });
});
