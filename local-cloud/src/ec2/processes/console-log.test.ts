import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { boundLog, readTail } from "./console-log.ts";

function newLog(): string {
  const folder = mkdtempSync(join(tmpdir(), "console-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "console.log");
}

test("the tail of a missing log is empty, of a short one all of it", () => {
  const log = newLog();
  expect(readTail(log, 10).toString()).toBe("");
  appendFileSync(log, "abc");
  expect(readTail(log, 10).toString()).toBe("abc");
  expect(readTail(log, 2).toString()).toBe("bc");
});

test("a log that grew too long keeps its newest whole lines, and its writer goes on at the end", () => {
  const log = newLog();
  const writer = openSync(log, "a");
  for (let line = 0; line < 100; line++) writeSync(writer, `line ${line}\n`);
  boundLog(log, 10_000);
  expect(readFileSync(log, "utf8")).toMatch(/^line 0\n/);
  boundLog(log, 200);
  writeSync(writer, "after\n");
  closeSync(writer);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  expect(lines.slice(-2)).toEqual(["line 99", "after"]);
  expect(lines.every((line) => /^(line \d+|after)$/.test(line))).toBe(true);
  expect(lines.length).toBeLessThan(15);
});

test("a log that does not exist needs no bound", () => {
  expect(() => boundLog(newLog(), 10)).not.toThrow();
});
