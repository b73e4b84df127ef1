import { CpuPolicy } from "@elastic-gas/shared/pools/policy";
import { describe, expect, it } from "vitest";
import { type AskDecide, withDecide } from "./decide-child.ts";
import { DECIDE_SCRIPT } from "./make-preview.ts";
import { simulate } from "./simulate.ts";
import { playSizes } from "./sizes.ts";

const { signal } = new AbortController();
const stored = (changes: Readonly<Record<string, number>>, max = 8) => ({
  policy: CpuPolicy.parse({ kind: "cpu", ...changes }),
  limits: { min: 1, max },
});
const decide = <Result>(work: (ask: AskDecide) => Promise<Result>) => withDecide(DECIDE_SCRIPT, signal, work);

describe("a preview, played with the autoscaler's own code", () => {
  it("stops the cycle of a threshold pair that ratios alone would repeat for ever", async () => {
    const rows = await decide((ask) =>
      playSizes(ask, stored({ growThresholdPercent: 60, shrinkThresholdPercent: 35 }, 4)),
    );
    expect(rows.map(({ workers, cycle, settlesAt }) => ({ workers, cycle, settlesAt }))).toEqual([
      { workers: 1, cycle: [1, 2], settlesAt: 2 },
      { workers: 2, cycle: [2, 4], settlesAt: 3 },
      { workers: 3, cycle: null, settlesAt: 4 },
      { workers: 4, cycle: null, settlesAt: 4 },
    ]);
    expect(rows[1]).toMatchObject({ grow: { to: 4 }, shrink: null, refused: { workers: 1 } });
  });

  it("grows by the ratio under a step of load, and comes back after it", async () => {
    const load = [
      ...new Array<number>(10).fill(0.4),
      ...new Array<number>(30).fill(2),
      ...new Array<number>(50).fill(0.2),
    ];
    const steps = await decide((ask) => simulate(ask, { stored: stored({}), start: 1, load }));
    const changes = steps.filter((step) => step.decision.kind !== "hold").map((step) => step.desired);
    expect(changes[0]).toBe(2);
    // 2.0 workers of load run at 67 % on 3, at 100 % on 2.
    expect(steps[39]?.desired).toBe(3);
    expect(steps.at(-1)?.desired).toBe(1);
  });

  it("fails with the command's own words when it refuses a question", async () => {
    const nonsense = decide((ask) => ask({ policy: { kind: "cpu" }, observation: {}, now: 0, fresh: true }));
    await expect(nonsense).rejects.toThrow("refused");
  });
});
