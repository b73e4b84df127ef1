import type { Panel } from "./charts/panel.ts";
import { type ChartEvent, timeChart } from "./charts/time-chart.ts";
import { type ElasticRun, type Period, policyChanges } from "./elastic-run.ts";
import type { SizeStep } from "./recorder.ts";
import { count, timeSpan } from "./words.ts";

/** The key chart: workers, CPU with the thresholds, requests and response times on one time axis. */
export function elasticChart(
  run: ElasticRun,
  periods: readonly Period[],
): { readonly svg: string; readonly text: string } {
  const changes = policyChanges(run).filter(({ at }) => at >= run.startedAt);
  const events: readonly ChartEvent[] = changes.map(({ at, desiredBefore, desiredAfter }) => ({
    at,
    mark: desiredAfter > desiredBefore ? "G" : "S",
    text: `${desiredBefore} → ${desiredAfter}`,
  }));
  const failed = run.requests.filter(({ outcome }) => outcome !== "ok").length;
  const peak = Math.max(...run.recording.steps.map(({ desired }) => desired));
  const text = `Workers, mean CPU, requests and response times over ${timeSpan(run.endedAt - run.startedAt)}: a load step grows the web pool from 1 to ${peak} workers, which it keeps; without the load it shrinks to 1. ${count(run.requests.length)} requests, ${failed} failed.`;
  const perMinute = 60 / run.durations.periodSeconds;
  const photoLoad = `${(run.clients / (run.cycleMs / 1_000) / run.perSecond).toFixed(1)} workers' worth of photos`;
  const svg = timeChart({
    title: "Web pool under a CPU-bound load step",
    subtitle: `${policyWords(run)} ${count(run.requests.length)} requests, ${failed} failed. G grow, S shrink.`,
    text,
    from: run.startedAt,
    to: run.endedAt,
    events,
    phases: [
      { from: run.calibratedFrom, to: run.calibratedTo, text: "measuring" },
      { from: run.loadOnAt, to: run.loadOffAt, text: photoLoad },
    ],
    panels: [
      workersPanel(run.recording.steps),
      cpuPanel(run, periods),
      {
        title: "Requests",
        unit: "a minute",
        height: 80,
        lines: [
          {
            name: "answered",
            colour: "requests",
            // The first and the last period are not whole.
            points: middles(run, periods.slice(1, -1), ({ requests, failed: lost }) => (requests - lost) * perMinute),
          },
        ],
      },
      {
        title: "Response time of photos",
        unit: "s",
        height: 80,
        lines: [
          { name: "p50", colour: "latency", points: middles(run, periods, ({ photoP50 }) => inSeconds(photoP50)) },
          {
            name: "p99",
            colour: "latency",
            dashed: true,
            points: middles(run, periods, ({ photoP99 }) => inSeconds(photoP99)),
          },
        ],
      },
      {
        title: "Response time of light pages",
        unit: "ms",
        height: 80,
        lines: [
          { name: "p50", colour: "latency", points: middles(run, periods, ({ pageP50 }) => pageP50) },
          { name: "p99", colour: "latency", dashed: true, points: middles(run, periods, ({ pageP99 }) => pageP99) },
        ],
      },
    ],
  });
  return { svg, text };
}

/** Bands of the states with the desired capacity above them. */
export function workersPanel(steps: readonly SizeStep[], height = 150): Panel {
  const values = (pick: (step: SizeStep) => number) => steps.map((step) => ({ at: step.at, value: pick(step) }));
  return {
    title: "Workers",
    height,
    bands: [
      { name: "in service", colour: "ok", points: values(({ inService }) => inService) },
      { name: "pending", colour: "mute", hatched: true, points: values(({ pending }) => pending) },
      { name: "draining", colour: "drain", hatched: true, points: values(({ draining }) => draining) },
    ],
    lines: [{ name: "desired", colour: "line", dashed: true, stepped: true, points: values(({ desired }) => desired) }],
  };
}

function policyWords({ policy }: ElasticRun): string {
  const {
    growThresholdPercent: grow,
    shrinkThresholdPercent: shrink,
    growRatio,
    shrinkRatio,
    cooldownSeconds,
  } = policy;
  return `Thresholds ${grow} and ${shrink} %, ratios ${growRatio.toFixed(1)} and ${shrinkRatio.toFixed(1)}, cooldown ${cooldownSeconds} s.`;
}

function cpuPanel(run: ElasticRun, periods: readonly Period[]): Panel {
  const { growThresholdPercent: grow, shrinkThresholdPercent: shrink } = run.policy;
  return {
    title: "Mean CPU of workers in service",
    unit: "%",
    height: 150,
    top: 100,
    lines: [
      {
        name: run.durations.periodSeconds === 60 ? "one minute" : `${run.durations.periodSeconds} s`,
        colour: "cpu",
        points: middles(run, periods, ({ cpuPercent }) => cpuPercent),
      },
      {
        name: "what the policy measured",
        colour: "cpu",
        dashed: true,
        stepped: true,
        points: run.decisions
          .filter(({ at }) => at >= run.startedAt)
          .map(({ at, measured }) => ({ at, value: measured })),
      },
    ],
    thresholds: [
      { value: grow, text: `▲ grow above ${grow} %`, kind: "grow" },
      { value: shrink, text: `▼ shrink below ${shrink} %`, kind: "shrink" },
    ],
  };
}

function middles(run: ElasticRun, periods: readonly Period[], pick: (period: Period) => number | null) {
  const half = run.durations.periodSeconds * 500;
  return periods.map((period) => ({ at: Math.min(period.at + half, run.endedAt), value: pick(period) }));
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
