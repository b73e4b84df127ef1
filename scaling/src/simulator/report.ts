import { BASELINE, type Figure } from "./figures.ts";
import type { LateRow } from "./late.ts";
import type { NoiseRow } from "./noise.ts";
import type { QueueRow } from "./queue-pool.ts";
import type { Run } from "./simulated-pool.ts";
import type { OvershootRow, StabilityCount } from "./stability.ts";
import type { Summary } from "./summary.ts";

const COLUMNS: readonly (readonly [string, (row: Summary) => string])[] = [
  ["load", (row) => row.load],
  ["rule", (row) => row.rule],
  ["theta_U", (row) => row.thetaU.toFixed(2)],
  ["theta_O", (row) => row.thetaO.toFixed(1)],
  ["tau_U", (row) => row.tauU.toFixed(1)],
  ["tau_O", (row) => row.tauO.toFixed(1)],
  ["instability", (row) => row.instability.toFixed(2)],
  ["overload min", (row) => row.overloadMinutes.toFixed(0)],
  ["worker-min", (row) => row.workerMinutes.toFixed(0)],
  ["actions", (row) => String(row.actions)],
  ["reversals", (row) => String(row.reversals)],
  ["speed-up", (row) => (row.speedUp === null ? "-" : row.speedUp.toFixed(2))],
];

/** One aligned table; the first two columns are words, the others numbers. */
export function tableOf(rows: readonly Summary[]): string {
  return aligned([COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))], 2);
}

/** Actions a day at constant loads, by thresholds and grow ratio; `!` marks more than one a day. */
export function noiseTable(rows: readonly NoiseRow[]): string {
  const head = ["grow above", "shrink below", "grow ratio", "worst a day", "at load", "mean a day", ""];
  const cells = rows.map((row) => [
    `${row.growThresholdPercent} %`,
    `${row.shrinkThresholdPercent} %`,
    row.growRatio.toFixed(1),
    row.worst.toFixed(1),
    row.worst > 0 ? row.at.toFixed(2) : "-",
    row.mean.toFixed(2),
    row.worst > 1 ? "!" : "",
  ]);
  return aligned([head, ...cells], 0);
}

const HOW_TO_READ = [
  "Each cell is overload @ cost: minutes with more load than the workers in service carry @ paid",
  `worker-minutes, as shares of those of ${BASELINE}, Kubernetes' HPA at 60 % CPU. Less is better: 0.50 @ 1.20`,
  "is half the overload at a fifth more cost. bound: the cheapest pool that knows the load beforehand",
  "and is never overloaded.",
].join("\n");

/** One row for each rule, one column for each source: overload @ cost, as shares of the baseline's; how to read it. */
export function figuresTable(figures: readonly Figure[]): string {
  const rules = [...new Set(figures.map(({ rule }) => rule))];
  const sources = [...new Set(figures.map(({ source }) => source))];
  const cells = rules.map((rule) => [
    rule,
    ...sources.map((source) => {
      const figure = figures.find((each) => each.rule === rule && each.source === source);
      return figure === undefined ? "-" : `${figure.overload.toFixed(2)} @ ${figure.cost.toFixed(2)}`;
    }),
  ]);
  return `${aligned([[`overload @ cost of ${BASELINE}`, ...sources], ...cells], 1)}\n${HOW_TO_READ}\n`;
}

/** Seconds that a job waits, and what the workers cost. */
export function queueTable(rows: readonly QueueRow[]): string {
  const head = ["jobs", "rule", "median wait s", "p95 wait s", "worker-min", "actions"];
  const cells = rows.map((row) => [
    row.load,
    row.rule,
    row.medianWait.toFixed(0),
    row.p95Wait.toFixed(0),
    row.workerMinutes.toFixed(0),
    String(row.actions),
  ]);
  return aligned([head, ...cells], 2);
}

/**
 * Soonest and latest over all phases of the check, else the worst; `blind` when a full pool was not grown within 15
 * minutes.
 */
export function lateTable(rows: readonly LateRow[]): string {
  const head = [
    "rule",
    "late s",
    "lost %",
    "soonest grown s",
    "latest grown s",
    "actions in the last 6 h",
    "workers at the end",
  ];
  const cells = rows.map((row) => [
    row.rule,
    String(row.delaySeconds),
    String(Math.round(row.lostShare * 100)),
    row.soonestSeconds === null ? "blind" : String(row.soonestSeconds),
    row.grownAfterSeconds === null ? "blind" : String(row.grownAfterSeconds),
    String(row.lateActions),
    String(row.workers),
  ]);
  return aligned([head, ...cells], 1);
}

/**
 * Faults among random policies at constant loads, then where usual policies settle once they have grown. Where none was
 * found among n cases, the share is below 3/n with 95 % confidence.
 */
export function stabilityTable(count: StabilityCount, rows: readonly OvershootRow[]): string {
  const { cases, cycles, below, above, seedsOfFaults } = count;
  const share = (found: number) => `${found === 0 ? "< " : ""}${((100 * (found || 3)) / cases).toFixed(3)} %`;
  const line = (what: string, found: number) => [what, String(found), String(cases), share(found)];
  const counts = aligned(
    [
      ["random policies at constant loads", "found", "cases", "share"],
      line("limit cycles", cycles),
      line("stuck below need", below),
      line("above need", above),
    ],
    1,
  );
  const words = [
    ...([cycles, below, above].includes(0)
      ? ["None found among n: the share is below 3/n, with 95 % confidence."]
      : []),
    ...(seedsOfFaults.length === 0 ? [] : [`Seeds of the first faults: ${seedsOfFaults.slice(0, 12).join(" ")}`]),
  ];
  const head = ["grow above", "shrink below", "grow ratio", "to need", "at load", "settles at", "would do"];
  const cells = rows.map(({ policy, load, settlesAt, wouldDo }) => [
    `${policy.growThresholdPercent} %`,
    `${policy.shrinkThresholdPercent} %`,
    String(policy.growRatio),
    policy.growOnlyToNeed ? "yes" : "no",
    load.toFixed(2),
    String(settlesAt),
    String(wouldDo),
  ]);
  return `${counts}\n${words.map((each) => `${each}\n`).join("")}\n${aligned([head, ...cells], 0)}`;
}

function aligned(lines: readonly (readonly string[])[], words: number): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const padded = lines.map((line) =>
    line
      .map((cell, column) => (column < words ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
  return `${padded.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** Every action with its reason, then the figures. */
export function runReport(run: Run, summary: Summary): string {
  const actions = run.actions.map(
    ({ second, from, to, reason }) =>
      `${String(second / 60).padStart(5)} min  ${from} → ${to}  ${reason.replaceAll("\u00a0", " ")}`,
  );
  const figures = COLUMNS.map(([title, cell]) => `${title.padEnd(12)} ${cell(summary)}`);
  return `${[...actions, ...(actions.length > 0 ? [""] : []), ...figures].join("\n")}\n`;
}
