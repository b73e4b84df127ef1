import { readFile, writeFile } from "node:fs/promises";
import type { Comparison, Plan } from "./compare.ts";
import type { MemoryReading } from "./memory.ts";

const BEGIN = "<!-- measured: begin (npm run -s local-cloud --workspace bench -- --write) -->";
const END = "<!-- measured: end -->";

/** Markdown of one measurement. */
export function report(
  machine: readonly string[],
  { comparisons, plan, memory }: { comparisons: readonly Comparison[]; plan: Plan; memory: readonly MemoryReading[] },
): string {
  const speed = comparisons.map(({ scenario, throughputRatio, cpuRatio, cloud, baseline }) => [
    scenario.what,
    scenario.baseline.what,
    scenario.asked.toFixed(2),
    throughputRatio.toFixed(2),
    cpuRatio.toFixed(2),
    String(Math.round(cloud.perSecond)),
    String(Math.round(baseline.perSecond)),
    cloud.cpuMicroseconds.toFixed(0),
    baseline.cpuMicroseconds.toFixed(0),
    `${Math.round(cloud.generatorShare * 100)} % / ${Math.round(baseline.generatorShare * 100)} %`,
  ]);
  const usage = memory.map(({ when, residentMebibytes, peakMebibytes, heapMebibytes }) => [
    when,
    peakMebibytes.toFixed(0),
    residentMebibytes.toFixed(0),
    heapMebibytes.toFixed(1),
  ]);
  return [
    ...machine.map((line) => `- ${line}`),
    "",
    ...(speed.length > 0
      ? [
          `Medians of ${plan.rounds} rounds of ${plan.milliseconds / 1000} s on each side, ${plan.connections} connections.`,
          "",
          ...table(
            [
              "what",
              "against",
              "asked",
              "throughput ratio",
              "CPU ratio",
              "local-cloud, 1/s",
              "baseline, 1/s",
              "local-cloud, CPU µs each",
              "baseline, CPU µs each",
              "generator's share of a core",
            ],
            speed,
          ),
          "",
        ]
      : []),
    ...(usage.length > 0
      ? table(["when", "highest RSS on the way, MiB", "RSS, MiB", "heap in use after a collection, MiB"], usage)
      : []),
  ]
    .join("\n")
    .trimEnd();
}

/** Puts the report between the page's markers. */
export async function writeInto(page: string, text: string): Promise<void> {
  const before = await readFile(page, "utf8");
  const [from, to] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${page} has no lines "${BEGIN}" and "${END}".`);
  await writeFile(page, `${before.slice(0, from + BEGIN.length)}\n\n${text}\n\n${before.slice(to)}`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map((name) => (name === "against" || name === head[0] ? "---" : "---:")), ...rows].map(
    (cells) => `| ${cells.join(" | ")} |`,
  );
}
