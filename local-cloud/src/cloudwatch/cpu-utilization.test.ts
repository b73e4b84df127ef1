import { describe, expect, it } from "vitest";
import { CpuUtilization, cpuPercent } from "./cpu-utilization.ts";

const period = (index: number) => ({ startedAt: new Date(index * 60_000), seconds: 60 });
const endOf = (index: number) => new Date((index + 1) * 60_000);
const instance = (usedSeconds: number, detailedMonitoring = true) => ({
  instanceId: "i-1",
  usedSeconds,
  quotaVcpus: 0.2,
  detailedMonitoring,
});

describe("CPUUtilization", () => {
  it.each([
    [6, 60, 0.2, 50],
    [12, 60, 0.2, 100],
    [30, 60, 0.2, 100],
    [0, 60, 0.2, 0],
    [3, 5, 2, 30],
  ])(
    "is used CPU time by quota: %d s in %d s of %d vCPUs are %d %%",
    (seconds, elapsedSeconds, quotaVcpus, expected) => {
      expect(cpuPercent({ seconds, elapsedSeconds, quotaVcpus })).toBeCloseTo(expected);
    },
  );

  it("is told for each period after an instance's first reading", () => {
    const cpu = new CpuUtilization();
    expect(cpu.data([instance(100)], period(0), endOf(0))).toEqual([]);
    expect(cpu.data([instance(103)], period(1), endOf(1))).toMatchObject([
      {
        MetricName: "CPUUtilization",
        Value: 25,
        Timestamp: new Date(60_000),
        Dimensions: [{ Name: "InstanceId", Value: "i-1" }],
      },
    ]);
    expect(cpu.data([], period(2), endOf(2))).toEqual([]);
    expect(cpu.data([instance(109)], period(3), endOf(3))).toEqual([]);
    expect(cpu.data([instance(1)], period(4), endOf(4))).toEqual([]); // started again
    expect(cpu.data([instance(7)], period(5), endOf(5))).toMatchObject([{ Value: 50 }]);
  });

  it("is told every fifth period without detailed monitoring", () => {
    const cpu = new CpuUtilization();
    const points = Array.from({ length: 15 }, (_, index) =>
      cpu.data([instance(index * 6, false)], period(index), endOf(index)),
    );
    expect(points.map((data) => data.length)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    expect(points[9]).toMatchObject([{ Timestamp: new Date(5 * 60_000) }]);
    expect(points[9]?.[0]?.Value).toBeCloseTo(50);
  });
});
