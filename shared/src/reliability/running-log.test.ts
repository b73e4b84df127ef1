import { describe, expect, it } from "vitest";
import { endOfLog, RUNNING_LOG_BYTES } from "./running-log.ts";

const bytes = (text: string) => Buffer.byteLength(text);

describe("the end of a log", () => {
  it("is all of a short one", () => {
    expect(endOfLog("")).toBe("");
    expect(endOfLog("a\nb\n")).toBe("a\nb\n");
    const full = `${"x".repeat(RUNNING_LOG_BYTES - 1)}\n`;
    expect(endOfLog(full)).toBe(full);
  });

  it("is its last whole lines, and says that others are left out", () => {
    const lines = Array.from({ length: 200_000 }, (_, n) => `line ${n}: a warning`);
    const end = endOfLog(`${lines.join("\n")}\n`).split("\n");
    expect(end[0]).toBe("(earlier lines are left out)");
    const kept = end.slice(1, -1);
    expect(kept).toEqual(lines.slice(-kept.length));
    expect(bytes(end.join("\n"))).toBeLessThanOrEqual(RUNNING_LOG_BYTES);
    expect(bytes(end.join("\n"))).toBeGreaterThan(RUNNING_LOG_BYTES - 30);
  });

  it.each(["ä", "€", "🧬"])("cuts no character of a long line in two (%s)", (character) => {
    for (const start of ["", "a", "ab", "abc"]) {
      const end = endOfLog(start + character.repeat(20_000));
      expect(end.replace("(earlier lines are left out)\n", "")).toMatch(new RegExp(`^(?:${character})+$`, "u"));
      expect(bytes(end)).toBeLessThanOrEqual(RUNNING_LOG_BYTES);
    }
  });

  it("is text that a database takes, also where half a character was written", () => {
    expect(endOfLog("half \ud83e of one")).toBe("half \ufffd of one");
  });
});
