import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 5, 14, 0, 20);

/** One worker at a constant CPU, as the check at `now` sees it. */
function question(now: number, percent: number, more: object = {}): object {
  const last = Math.floor(now / MINUTE) * MINUTE - MINUTE;
  const cpu = [5, 4, 3, 2, 1, 0].map((age) => ({ at: last - age * MINUTE, percent }));
  const workers = ["i-1", "i-2"].map((id) => ({ id, state: "in service", inServiceAt: NOW - 60 * MINUTE, cpu }));
  return {
    policy: { kind: "cpu" },
    observation: { pool: "web", desired: 2, min: 1, max: 8, workers },
    now: new Date(now).toISOString(),
    ...more,
  };
}

async function run(
  lines: readonly string[],
): Promise<{ readonly code: number | null; readonly answers: readonly Record<string, unknown>[] }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("decide-command.ts", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(`${lines.join("\n")}\n`);
  let output = "";
  for await (const chunk of child.stdout) output += String(chunk);
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.on("close", resolve)));
  return {
    code,
    answers: output
      .trim()
      .split("\n")
      .map((line): Record<string, unknown> => JSON.parse(line)),
  };
}

describe("the decide command", () => {
  it("answers each line with decision and state, and carries the state to the next line", async () => {
    const lines = [question(NOW, 90), question(NOW, 10, { state: null }), question(NOW + MINUTE, 10)];
    const { code, answers } = await run(lines.map((line) => JSON.stringify(line)));
    expect(answers.map(({ decision }) => decision)).toMatchObject([
      {
        kind: "grow",
        desired: 4,
        reason: { kind: "cpu-grew", finding: { meanPercent: 90 } },
      },
      { kind: "hold", facts: { outcome: "would shrink" } },
      { kind: "shrink", desired: 1 },
    ]);
    expect(answers[0]?.sentence).toBe("web grew 2 → 4: mean CPU 90\u00a0% is above 70\u00a0%. 2 × 2 = 4, maximum 8.");
    expect(answers[0]).toMatchObject({ state: { version: 1, desired: 4, change: { from: 2, to: 4 } } });
    expect(code).toBe(0);
  });

  it("says what is wrong with a line, goes on, and fails at the end", async () => {
    const { code, answers } = await run(["{}", "not JSON", JSON.stringify(question(NOW, 50))]);
    expect(answers[0]?.error).toContain("observation");
    expect(answers[1]?.error).toContain("JSON");
    expect(answers[2]).toMatchObject({ decision: { kind: "hold" } });
    expect(code).toBe(1);
  });
});
