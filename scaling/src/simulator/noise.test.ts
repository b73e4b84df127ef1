import { describe, expect, it } from "vitest";
import { measureNoise } from "./noise.ts";
import { POOL_DEFAULTS } from "./pool-settings.ts";

const settings = { ...POOL_DEFAULTS, noise: 0.05, noiseShape: "even" as const };

describe("noise of up to 5 % in every metric, at constant loads", { timeout: 240_000 }, () => {
  it.each([70, 85, 95])("moves the pool at most once a day at a grow threshold of %d", (growThreshold) => {
    for (const row of measureNoise(settings, { minutes: 1_440, growThresholds: [growThreshold] })) {
      expect(row.worst).toBeLessThanOrEqual(1);
      expect(row.shrinkThresholdPercent).toBe(growThreshold - 5);
    }
  });

  it("is told from noise that is too much for the margin of 10 %", () => {
    const rows = measureNoise({ ...settings, noise: 0.15 }, { minutes: 720, growThresholds: [70] });
    expect(Math.max(...rows.map((row) => row.worst))).toBeGreaterThan(1);
    const [row] = rows;
    expect(row?.at).toBeGreaterThan(0);
  });
});
