import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectDatabase, type Database } from "@elastic-gas/shared/database/connect";
import { freePorts, type RunningSystem, startSystem } from "@elastic-gas/testing/system/system";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import type { Figure, Measurement, MeasureOptions } from "../figures/measurement.ts";
import { median } from "../figures/median.ts";
import { ManagerApi } from "../prove/manager-api.ts";
import { isSettled } from "../prove/proof-system.ts";
import { makeUser, sampleVcf, submitVcf, type VcfUser } from "../prove/vcf-user.ts";
import { memoryOfTree } from "./process-memory.ts";

const UP_SECONDS = 300;
const REST_MS = 30_000;
const JOBS_EACH = 5;
const TINY_VCF =
  "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n17\t43045702\t.\tA\tG\t.\t.\t.\n";
const LARGER_BYTES = 172_000;

/** The whole system as ./start.sh runs it: how long it takes to come up, its memory, and a job's time. */
export const wholeSystem: Measurement = {
  name: "system",
  about: "first and second start, memory at rest, and the time of small jobs",
  minutes: 3,
  async measure(options) {
    const dataDir = await mkdtemp(join(tmpdir(), "gas-bench-"));
    const ports = await freePorts();
    const start = async (): Promise<readonly [RunningSystem, number]> => {
      const from = performance.now();
      const system = await startSystem({ dataDir, ports, times: "default", upSeconds: UP_SECONDS });
      return [system, (performance.now() - from) / 1_000];
    };
    // A new checkout has none of the programs.
    await rm(join(import.meta.dirname, "../../../dist"), { recursive: true, force: true });
    try {
      const [first, firstSeconds] = await start();
      await first.stop();
      const [second, secondSeconds] = await start();
      await using system = second;
      options.say(`up after ${firstSeconds.toFixed(1)} s, the second time after ${secondSeconds.toFixed(1)} s`);
      return {
        figures: [
          startFigure("first-start", "first start, npm's and apt's packages there", firstSeconds, 15),
          startFigure("second-start", "second start", secondSeconds, 6),
          await memoryFigure(system, options),
          ...(await jobFigures(system, options)),
        ],
      };
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};

function startFigure(name: string, what: string, value: number, asked: number): Figure {
  const baseline = "from `./start.sh` until user-app answers behind the load balancer";
  return { name, what, value, unit: "s", baseline, better: "lower", asked, isComparable: false };
}

async function memoryFigure(system: RunningSystem, { quick, say }: MeasureOptions): Promise<Figure> {
  const manager = await ManagerApi.signIn(system);
  await waitUntil("all workers in service", async () => (await manager.pools()).every(isSettled), {
    deadlineMs: UP_SECONDS * 1_000,
    pollMs: 500,
  });
  // What the start left behind is collected, and the dashboard has no viewer.
  await new Promise((resolve) => setTimeout(resolve, quick ? 1_000 : REST_MS));
  const processes = memoryOfTree(system.child.pid ?? 0);
  const sums = Map.groupBy(processes, ({ name }) => name);
  for (const [name, each] of sums) say(`${name}: ${each.map(({ bytes }) => megabytes(bytes)).join(" + ")} MB`);
  const bytes = processes.reduce((sum, each) => sum + each.bytes, 0);
  return {
    name: "memory-at-rest",
    what: "memory of the whole system at rest, 1 web worker, 2 annotators, 1 utility worker",
    value: bytes / 1e6,
    unit: "MB",
    baseline: [...sums]
      .map(([name, each]) => `${name} ${each.map((one) => megabytes(one.bytes)).join(" + ")}`)
      .join(", "),
    better: "lower",
    asked: 1_000,
  };
}

async function jobFigures(system: RunningSystem, { say }: MeasureOptions): Promise<readonly Figure[]> {
  const db = connectDatabase({ url: await system.databaseUrl(), connectionLimit: 2 });
  try {
    const user = await makeUser({ db, system }, { username: "bench", role: "premium_user" });
    const figures: Figure[] = [];
    for (const content of [TINY_VCF, lengthen(sampleVcf("grch38.vcf"), LARGER_BYTES)]) {
      const size = content.length < 1_000 ? `${content.length} bytes` : `${Math.round(content.length / 1_000)} KB`;
      const seconds: number[] = [];
      for (let run = 0; run < JOBS_EACH; run += 1) seconds.push(await timeJob(user, content, db));
      say(`jobs of ${size}: ${seconds.map((each) => each.toFixed(2)).join(", ")} s`);
      figures.push({
        name: content === TINY_VCF ? "tiny-job" : "larger-job",
        what: `job of ${size} on an idle system, from the upload to COMPLETED`,
        value: median(seconds),
        unit: "s",
        baseline: `median of ${JOBS_EACH}`,
        better: "lower",
        asked: 1,
        isComparable: false,
      });
    }
    return figures;
  } finally {
    await db.destroy();
  }
}

async function timeJob(user: VcfUser, content: string, db: Database): Promise<number> {
  const from = performance.now();
  const jobId = await submitVcf(user, "bench.vcf", content);
  await waitUntil(
    "the job's end",
    async () => {
      const job = await db.selectFrom("jobs").select("status").where("id", "=", jobId).executeTakeFirst();
      if (job?.status === "FAILED") throw new Error(`The job ${jobId} failed.`);
      return job?.status === "COMPLETED";
    },
    { deadlineMs: UP_SECONDS * 1_000, pollMs: 10 },
  );
  return (performance.now() - from) / 1_000;
}

/** The file with its records over and over, about so long. */
function lengthen(vcf: string, bytes: number): string {
  const records = vcf.slice(vcf.indexOf("\n", vcf.indexOf("#CHROM")) + 1);
  return vcf + records.repeat(Math.max(0, Math.round((bytes - vcf.length) / records.length)));
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
