import { expect, it } from "vitest";
import { queuePace } from "./queue-pace.ts";

it.each([
  { jobs: [], workers: 3, pace: undefined, why: "nobody knows before the first job" },
  { jobs: [2, 4], workers: 1, pace: 3, why: "one worker: the mean time" },
  { jobs: [2, 4], workers: 3, pace: 1, why: "three share the queue" },
  { jobs: [2, 4], workers: 0, pace: 3, why: "an empty pool gets a worker" },
  { jobs: [-1, 2], workers: 1, pace: 1, why: "clocks that went back count as no time" },
])("is $pace s for jobs of $jobs s and $workers workers: $why", ({ jobs, workers, pace }) => {
  expect(queuePace(jobs, workers)).toBe(pace);
});
