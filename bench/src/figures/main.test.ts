import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, "main.ts");
const bench = (...words: readonly string[]) => run(process.execPath, ["--no-warnings", MAIN, ...words]);

it("prints a row for each figure of the measurement that was asked for", async () => {
  const { stdout } = await bench("annotation", "--quick");
  expect(stdout).toMatch(/^\| what \| figure \| against \| asked \| measured on \|$/m);
  expect(stdout).toMatch(
    /^\| annotating 40,000 records at the gene level, CPU time \| \d+(?:\.\d+)? \| `bcftools annotate` .* \|$/m,
  );
  expect(stdout).toMatch(/memory \| \d+ MB \| largest resident size of the process \| at most 256 MB: met \|/);
}, 240_000);

it("refuses a measurement that it does not have, and names those that it has", async () => {
  await expect(bench("speed")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^Unknown measurement: speed\.[\s\S]*\n {2}annotation /),
  });
});

it("keeps no figures of the quick form", async () => {
  await expect(bench("--quick", "--write")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("not kept"),
  });
});
