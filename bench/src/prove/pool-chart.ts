import type { Panel } from "./charts/panel.ts";
import { type ChartEvent, timeChart } from "./charts/time-chart.ts";
import { failuresOf, type Period, type PoolRun, policyChanges, type SeenPool } from "./elastic-run.ts";
import type { SizeStep } from "./recorder.ts";
import { count } from "./words.ts";

/** What a chart of the web pool says beside the measurements. */
export interface ChartWords {
  readonly title: string;
  /** For readers who do not see it. */
  readonly text: string;
  readonly phases: Parameters<typeof timeChart>[0]["phases"];
}

/** Workers, CPU with the thresholds, requests and response times on one time axis, as SVG. */
export function poolChart(run: PoolRun, periods: readonly Period[], { title, text, phases }: ChartWords): string {
  const events: readonly ChartEvent[] = policyChanges(run)
    .filter(({ at }) => at >= run.startedAt)
    .map(({ at, desiredBefore, desiredAfter }) => ({
      at,
      mark: desiredAfter > desiredBefore ? "G" : "S",
      text: `${desiredBefore} → ${desiredAfter}`,
    }));
  return timeChart({
    title,
    subtitle: `${policyWords(run)} ${count(run.requests.length)} requests, ${failuresOf(run).length} failed. G grow, S shrink.`,
    text,
    from: run.startedAt,
    to: run.endedAt,
    events,
    phases,
    panels: [workersPanel(run.recording.steps), cpuPanel(run, periods), ...requestPanels(run, periods)],
  });
}

/** Requests and response times by period. */
export function requestPanels(run: SeenPool, periods: readonly Period[]): readonly Panel[] {
  const perMinute = 60 / run.durations.periodSeconds;
  return [
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
  ];
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

function policyWords({ policy }: PoolRun): string {
  const {
    growThresholdPercent: grow,
    shrinkThresholdPercent: shrink,
    growRatio,
    shrinkRatio,
    cooldownSeconds,
  } = policy;
  return `Thresholds ${grow} and ${shrink} %, ratios ${growRatio} and ${shrinkRatio}, cooldown ${cooldownSeconds} s.`;
}

function cpuPanel(run: PoolRun, periods: readonly Period[]): Panel {
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

function middles(run: SeenPool, periods: readonly Period[], pick: (period: Period) => number | null) {
  const half = run.durations.periodSeconds * 500;
  return periods.map((period) => ({ at: Math.min(period.at + half, run.endedAt), value: pick(period) }));
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
