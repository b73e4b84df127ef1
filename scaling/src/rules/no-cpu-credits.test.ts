import { expect, it } from "vitest";
import { Observation } from "../observation.ts";
import { AdaptivePolicy, CpuPolicy, type Policy, RequestsPolicy } from "../policy.ts";
import { initialState } from "../policy-state.ts";
import { decide } from "./decide.ts";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 5, 14, 0, 20);
const AGES = [9, 8, 7, 6, 5, 4, 3, 2, 1];

/** Two workers with all the load they can carry, held to a fifth of their CPU. */
const throttled = Observation.parse({
  pool: "web",
  desired: 2,
  min: 2,
  max: 8,
  workers: ["i-0", "i-1"].map((id) => ({
    id,
    state: "in service",
    launchedAt: NOW - 62 * MINUTE,
    inServiceAt: NOW - 60 * MINUTE,
    busy: null,
    cpu: AGES.map((age) => ({ at: minutesAgo(age), percent: 20 })),
  })),
  balancer: AGES.map((age) => ({
    at: minutesAgo(age),
    requests: 250,
    successes: 250,
    responseSeconds: 9,
    healthyHosts: 2,
  })),
});

function minutesAgo(minutes: number): number {
  return Math.floor(NOW / MINUTE) * MINUTE - minutes * MINUTE;
}

/** What docs/aws.md says of workers whose CPU credits are spent. */
it.each<[Policy, string]>([
  [CpuPolicy.parse({ kind: "cpu" }), "hold"],
  [AdaptivePolicy.parse({ kind: "adaptive" }), "hold"],
  [RequestsPolicy.parse({ kind: "requests" }), "grow"],
])("of workers at 20 % CPU for want of credits, %j: %s", (policy, kind) => {
  const { decision } = decide(policy, throttled, { ...initialState(), desired: 2 }, new Date(NOW));
  expect(decision.kind).toBe(kind);
});
