import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EngineRequest } from "../engine/protocol.ts";
import { FAILURES } from "../vcf/failure.ts";
import { EngineProcesses } from "./engine-process.ts";
import { textLimit } from "./text-limit.ts";

const PLANS = { FREE_MAX_BYTES: 153_600, FREE_UNPACKED_RATIO: 20, PREMIUM_UNPACKED_MAX_BYTES: 1e9 };
const HEAD = "##fileformat=VCFv4.2\n##reference=hg38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
const SMALL = `${HEAD}9\t5456114\t.\tA\tG\t50\tPASS\tDP=3\n`;
const MAX_BYTES = 256 * 2 ** 20;
const limits = { timeoutSeconds: 120, signal: new AbortController().signal };

const directory = mkdtempSync(join(tmpdir(), "engine-process-"));
afterAll(() => rmSync(directory, { recursive: true }));

let engine: EngineProcesses;
beforeEach(() => {
  engine = new EngineProcesses(null);
});
afterEach(() => engine[Symbol.dispose]());

function request(content: string | Buffer, role: "free_user" | "premium_user" = "premium_user"): EngineRequest {
  const inputPath = join(directory, "in.vcf");
  writeFileSync(inputPath, content, "latin1");
  rmSync(join(directory, "out.vcf"), { force: true });
  return {
    kind: "annotate",
    inputPath,
    outputPath: join(directory, "out.vcf"),
    logPath: join(directory, "log"),
    workDirectory: directory,
    fileName: "in.vcf",
    packDirectory: null,
    build: null,
    textLimit: textLimit(role, PLANS),
  };
}

/** Most memory that a process ever had, as the kernel counts it. */
function peakBytes(pid: number | undefined): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;
}

describe("the engine's process", () => {
  it("serves one file after another, whatever becomes of them, and is replaced when it had to be ended", async () => {
    engine.prepare();
    const first = engine.pid;
    expect(await engine.run(request(SMALL), limits)).toMatchObject({ kind: "done", summary: { records: 1 } });
    expect(await engine.run(request("not a VCF\n"), limits)).toMatchObject({ kind: "failed" });
    expect(engine.pid).toBe(first);

    const stop = AbortSignal.abort();
    expect(await engine.run(request(SMALL), { ...limits, signal: stop })).toEqual({ kind: "stopped" });
    expect(engine.pid).toBeUndefined();
    expect(await engine.run(request(SMALL), limits)).toMatchObject({ kind: "done" });
    expect(engine.pid).not.toBe(first);
  });

  it("that ended while it waited is replaced", async () => {
    engine.prepare();
    process.kill(engine.pid ?? 0, "SIGKILL");
    const outcomes = [await engine.run(request(SMALL), limits), await engine.run(request(SMALL), limits)];
    expect(outcomes.at(-1)).toMatchObject({ kind: "done" });
  });

  it("goes on when its machine asks all processes to end: its worker decides how long a job may still take", async () => {
    engine.prepare();
    const { pid } = engine;
    const rows = "1\t1000\t.\tA\tG\t.\t.\t.\n".repeat(300_000);
    const run = engine.run(request(`${HEAD}${rows}`), limits);
    // Begun for sure: the engine has written something.
    await waitUntil("the run has begun", () => existsSync(join(directory, "out.vcf")));
    process.kill(pid ?? 0, "SIGTERM");
    expect(await run).toMatchObject({ kind: "done", summary: { records: 300_000 } });
  });

  it("fails with a sentence when it needs more memory than it may have", async () => {
    // Names and lengths are bounded, so only a header close to its limit, of many short lines, comes near.
    const header = `##fileformat=VCFv4.2\n${"##a\n".repeat(7_000_000)}`;
    const outcome = await engine.run(request(`${header}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n`), limits);
    expect(outcome).toEqual({ kind: "failed", sentence: FAILURES.memory });
  });
});

describe("a small file that unpacks to a large one", () => {
  const wide = gzipSync(`${HEAD}1\t1000\t.\tA\t${"C,".repeat(30_000_000)}G\t.\t.\t.\n`);
  const alleles = gzipSync(`${HEAD}${`1\t1000\t.\tA\t${"C,".repeat(15_000)}G\t.\t.\t.\n`.repeat(2_000)}`);
  const long = gzipSync(`${HEAD}${"1\t1000\t.\tA\tG\t.\t.\t.\n".repeat(4_500_000)}`);
  const lengths = gzipSync(`${HEAD}1\t1000\t.\tA\t<DEL>\t.\t.\tSVLEN=${"-7,".repeat(9_000_000)}1\n`);

  it.each([
    ["30 million ALTs in a line", wide],
    ["30 million ALTs in 2,000 lines", alleles],
    ["100 MB of records", long],
    ["9 million SVLENs", lengths],
  ])("(%s) is refused to a Free user, with the offer", async (_, content) => {
    expect(content.length).toBeLessThan(PLANS.FREE_MAX_BYTES * 3); // what a sender needs to try it
    expect(await engine.run(request(content, "free_user"), limits)).toMatchObject({
      kind: "failed",
      sentence:
        "The file unpacks to more than 2.9\u00a0MB, the limit of the Free plan. Premium takes up to 953.7\u00a0MB.",
    });
  });

  it.each([
    ["30 million ALTs in a line", wide, { kind: "failed", sentence: FAILURES.lineTooLong }],
    ["30 million ALTs in 2,000 lines", alleles, { kind: "done" }],
    ["100 MB of records", long, { kind: "done" }],
    ["9 million SVLENs", lengths, { kind: "done" }],
  ])(
    "(%s) takes less than 256 MB of memory of a Premium user's engine",
    async (_, content, outcome) => {
      engine.prepare();
      const { pid } = engine;
      let peak = 0;
      const watched = engine.run(request(content), { ...limits, onProgress: () => undefined });
      const watch = setInterval(() => {
        peak = Math.max(peak, peakBytes(pid));
      }, 20);
      expect(await watched.finally(() => clearInterval(watch))).toMatchObject(outcome);
      if (engine.pid === pid) peak = peakBytes(pid);
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(MAX_BYTES);
    },
    120_000,
  );
});
