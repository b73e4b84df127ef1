import { expect, test } from "vitest";
import { type BusyRun, busyFindings, type Launch } from "./launches-when-busy-report.ts";
import type { Request } from "./load.ts";
import { passed } from "./proof.ts";

const MINUTE = 60_000;
const REQUESTS: readonly Request[] = Array.from({ length: 800 }, (_, index) => ({
  kind: index % 4 === 0 ? "photo" : "page",
  sentAt: index * 1_000,
  ms: index,
  outcome: "ok",
}));

/** Two growths by 3 workers; those of the first leave when it is taken back. */
const BATCHES = [0, 6].map((minute, index) => ({
  number: index + 1,
  workers: 3,
  askedAt: minute * MINUTE,
  completeAt: (minute + 2) * MINUTE,
  shrunkAt: (minute + 2) * MINUTE,
}));

const LAUNCHES: readonly Launch[] = Array.from({ length: 6 }, (_, index) => {
  const minute = index < 3 ? 0 : 6;
  return {
    instanceId: `i-${index}`,
    launchedAt: minute * MINUTE + 2_000,
    inServiceAt: minute * MINUTE + 22_000 + index * 1_000,
    drainingAt: (minute + 2) * MINUTE + 3_000,
    endedAt: (minute + 3) * MINUTE,
  };
});

function run(more: Partial<BusyRun> = {}): BusyRun {
  return {
    startedAt: 0,
    endedAt: 13 * MINUTE,
    batches: BATCHES,
    launches: LAUNCHES,
    activities: [],
    requests: REQUESTS,
    loops: { count: 4, cores: 2, cpu: 1.4, idle: 0.02 },
    recording: {
      steps: [{ at: 0, desired: 1, inService: 1, pending: 0, draining: 0 }],
      cpu: new Map(),
      waiting: new Map(),
      missed: 0,
    },
    durations: { periodSeconds: 30 },
    ...more,
  };
}

const findings = (more: Partial<BusyRun> = {}) => busyFindings(run(more), { launches: 6, settings: [] });
const broken = (more: Partial<BusyRun>) =>
  findings(more)
    .checks.filter(({ ok }) => !ok)
    .map(({ what }) => what.replaceAll("\u00a0", " "));
const changed = (index: number, more: Partial<Launch>) => ({
  launches: LAUNCHES.map((each, at) => (at === index ? { ...each, ...more } : each)),
});

test("launches that all come and leave when they are asked to hold every promise, and have a chart", () => {
  const found = findings();
  expect(passed(found)).toBe(true);
  expect(found.figures.slice(0, 2).map(({ value }) => value.replaceAll("\u00a0", " "))).toEqual([
    "6, 6 in service",
    "22.0 s / 25.0 s",
  ]);
  expect(found.charts?.map(({ file }) => file)).toEqual(["launches-when-busy.svg"]);
  expect(found.details.replaceAll("\u00a0", " ")).toContain("| 2 | 6:00 | 3 | 3 | 120.0 s | 8:00 | 420 | 0 |");
  expect(found.details).not.toContain("Workers that died");
});

test("a worker that stays away, dies or is replaced, and one too many are seen", () => {
  const [launched, service, dies] = [
    "6 workers are launched, and no more",
    "every one of them comes into service",
    "none dies, and none is replaced",
  ];
  expect(broken(changed(4, { inServiceAt: null, drainingAt: null, endedAt: null }))).toEqual([service]);
  expect(broken(changed(4, { drainingAt: 7 * MINUTE }))).toEqual([dies]);
  expect(broken(changed(4, { drainingAt: null, endedAt: 7 * MINUTE }))).toEqual([dies]);
  expect(findings(changed(4, { drainingAt: 7 * MINUTE })).details).toMatch(/\| i-4 \| 6:02 \| 6:26 \|/);
  expect(broken({ launches: [...LAUNCHES, ...LAUNCHES.slice(0, 1)] })).toEqual([launched]);
  expect(broken({ launches: [] })).toEqual([launched, service]);
  const replaced = {
    at: MINUTE,
    cause: "replacement",
    actor: "autoscaler",
    desiredBefore: 4,
    desiredAfter: 4,
    reason: "",
    result: "done",
    finishedAt: null,
  };
  expect(broken({ activities: [replaced] })).toEqual([dies]);
  expect(broken({ activities: [{ ...replaced, cause: "manual" }] })).toEqual([]);
});

test("a failed request is seen with its answer, and so are cores with time to spare", () => {
  const requests = REQUESTS.map((each) => (each.sentAt === 1_000 ? { ...each, outcome: "502" } : each));
  expect(broken({ requests })).toEqual(["no request fails"]);
  expect(findings({ requests }).details).toContain("| 0:01 | page | 502 |");
  expect(broken({ loops: { count: 4, cores: 2, cpu: 1.4, idle: 0.021 } })).toEqual([
    "all cores are busy: at most 2.0 % of their time is idle",
  ]);
});
