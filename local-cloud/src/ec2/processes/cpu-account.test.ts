import fc from "fast-check";
import { expect, test } from "vitest";
import { type CpuAccount, EMPTY_ACCOUNT, takeAccount, totalTicks } from "./cpu-account.ts";
import { type ProcessStat, parseStat } from "./proc.ts";

test("reads a stat line whose command has spaces and parentheses", () => {
  const line = "42 (a) (b c) S 7 42 40 0 -1 4194304 115 0 0 0 5 6 7 8 20 0 1 0 62091 3133440 388";
  expect(parseStat(line)).toEqual({
    pid: 42,
    state: "S",
    parentPid: 7,
    sessionId: 40,
    ownTicks: 11,
    reapedTicks: 15,
    startTicks: 62_091,
  });
});

test.each<[string, ProcessStat[][], number]>([
  ["counts living processes", [[stat(1, 0, 5), stat(2, 1, 7)]], 12],
  ["finds an ended child's time with its parent", [[stat(1, 0, 5), stat(2, 1, 7)], [stat(1, 0, 5, 9)]], 14],
  ["keeps an orphan's time", [[stat(2, 1, 7)], []], 7],
  ["keeps the time of a child that nobody waited for", [[stat(1, 0, 5), stat(2, 1, 7)], [stat(1, 0, 5)]], 12],
  ["keeps what the parent's account lacks", [[stat(1, 0, 5), stat(2, 1, 7), stat(3, 1, 4)], [stat(1, 0, 5, 8)]], 16],
  [
    "follows a chain of ended processes to the one that lives",
    [[stat(1, 0, 1), stat(2, 1, 2), stat(3, 2, 3)], [stat(1, 0, 1, 6)]],
    7,
  ],
  ["takes a pid with another start for another process", [[stat(2, 0, 7)], [stat(2, 0, 1, 0, 99)]], 8],
])("%s", (_, looks, expected) => {
  expect(totalTicks(looks.reduce<CpuAccount>(takeAccount, EMPTY_ACCOUNT))).toBe(expected);
});

test("the total never falls", () => {
  const look = fc.uniqueArray(
    fc.record({ pid: fc.integer({ min: 1, max: 6 }), parent: fc.integer({ min: 0, max: 6 }), extra: fc.nat(20) }),
    { selector: (item) => item.pid },
  );
  fc.assert(
    fc.property(fc.array(look, { maxLength: 12 }), (looks) => {
      const used = new Map<number, number>();
      let account = EMPTY_ACCOUNT;
      for (const items of looks) {
        const stats = items.map(({ pid, parent, extra }) => {
          used.set(pid, (used.get(pid) ?? 0) + extra);
          return stat(pid, parent < pid ? parent : 0, used.get(pid) ?? 0);
        });
        const before = totalTicks(account);
        account = takeAccount(account, stats);
        expect(totalTicks(account)).toBeGreaterThanOrEqual(before);
      }
    }),
  );
});

function stat(pid: number, parentPid: number, ownTicks: number, reapedTicks = 0, startTicks = pid): ProcessStat {
  return { pid, parentPid, ownTicks, reapedTicks, startTicks, sessionId: 1, state: "S" };
}
