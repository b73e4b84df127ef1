import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { report, writeInto } from "./report.ts";

const side = { perSecond: 12_345.6, cpuMicroseconds: 33.3, generatorShare: 0.256 };
const measured = {
  plan: { rounds: 3, connections: 8, milliseconds: 500 },
  comparisons: [
    {
      scenario: {
        name: "send-message",
        what: "SendMessage",
        port: 1,
        requests: [],
        baseline: { server: { pid: 1, port: 2 }, what: "an empty server" },
        asked: 0.5,
      },
      cloud: side,
      baseline: { ...side, cpuMicroseconds: 14 },
      throughputRatio: 0.456,
      cpuRatio: 0.42,
    },
  ],
  memory: [{ when: "at rest", residentMebibytes: 245.4, peakMebibytes: 250, heapMebibytes: 37.68 }],
};

it("tells every figure in a table", () => {
  const text = report(["2 cores"], measured);
  expect(text).toContain("- 2 cores\n\nMedians of 3 rounds of 0.5 s on each side, 8 connections.\n\n| what |");
  expect(text).toContain(
    "| SendMessage | an empty server | 0.50 | 0.46 | 0.42 | 12346 | 12346 | 33 | 14 | 26 % / 26 % |",
  );
  expect(text).toContain("| at rest | 250 | 245 | 37.7 |");
});

it("replaces what lies between the page's markers and nothing else", async () => {
  const folder = await mkdtemp(join(tmpdir(), "report-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const page = join(folder, "page.md");
  const [begin, end] = [
    "<!-- measured: begin (npm run -s local-cloud --workspace bench -- --write) -->",
    "<!-- measured: end -->",
  ];
  await writeFile(page, `# Title\n\n${begin}\nold\n${end}\n\nmore\n`);
  await writeInto(page, "new");
  await writeInto(page, "newer");
  expect(await readFile(page, "utf8")).toBe(`# Title\n\n${begin}\n\nnewer\n\n${end}\n\nmore\n`);
  await writeFile(page, "no markers");
  await expect(writeInto(page, "new")).rejects.toThrow(/has no lines/);
});
