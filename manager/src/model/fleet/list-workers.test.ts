import { describe, expect, it } from "vitest";
import { listWorkers, type Sort } from "./list-workers.ts";
import type { WorkerLoad, WorkerSnapshot } from "./worker-snapshot.ts";

const worker = (id: string, load: WorkerLoad | null): WorkerSnapshot => ({
  id,
  pool: "web",
  state: "in service",
  reason: { kind: "healthy" },
  newer: null,
  type: "t3.small",
  zone: "us-east-1a",
  address: null,
  releaseId: null,
  launchedAt: 0,
  inServiceAt: 0,
  protected: false,
  jobId: null,
  leaving: null,
  load,
});
const workers = [
  worker("i-a", null),
  worker("i-b", { cpuPercent: 12, work: 300 }),
  worker("i-c", { cpuPercent: 91, work: 0 }),
  worker("i-d", { cpuPercent: null, work: 40 }),
];
const sorted = (sort: Sort) => listWorkers(workers, { pool: "web", filter: "", sort }).map(({ id }) => id);

describe("workers by their load", () => {
  it("come hottest first, those without data last", () => {
    expect(sorted("cpu")).toEqual(["i-c", "i-b", "i-a", "i-d"]);
  });

  it("come busiest first, an idle one before those without data", () => {
    expect(sorted("work")).toEqual(["i-b", "i-d", "i-c", "i-a"]);
  });
});
