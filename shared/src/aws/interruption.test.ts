import { expect, test } from "vitest";
import { askInterruption, readInterruption } from "./interruption.ts";

const SPOT = '{"action": "terminate", "time": "2026-09-07T14:02:00Z"}';
const scheduled = (Code: string, NotBefore: string, State = "active") => ({ Code, NotBefore, State, EventId: "e" });
const ask = (texts: Readonly<Record<string, string>>) => askInterruption({ read: async (path) => texts[path] ?? null });

test.each([
  ["nothing", {}, null],
  ["no events", { "events/maintenance/scheduled": "[]" }, null],
  ["a spot notice", { "spot/instance-action": SPOT }, { what: "spot", at: Date.UTC(2026, 8, 7, 14, 2) }],
  [
    "a rebalance",
    { "events/recommendations/rebalance": '{"noticeTime": "2026-09-07T14:00:00Z"}' },
    { what: "rebalance", at: null },
  ],
  [
    "the surest of all",
    { "events/recommendations/rebalance": "{}", "spot/instance-action": SPOT },
    { what: "spot", at: Date.UTC(2026, 8, 7, 14, 2) },
  ],
  [
    "the first event that ends it",
    {
      "events/maintenance/scheduled": JSON.stringify([
        scheduled("system-reboot", "1 Sep 2026 09:00:00 GMT"),
        scheduled("instance-stop", "21 Sep 2026 09:00:43 GMT"),
        scheduled("instance-retirement", "20 Sep 2026 09:00:43 GMT"),
        scheduled("instance-stop", "2 Sep 2026 09:00:43 GMT", "completed"),
      ]),
    },
    { what: "scheduled", at: Date.UTC(2026, 8, 20, 9, 0, 43) },
  ],
  ["what nobody can read", { "spot/instance-action": "<html>", "events/maintenance/scheduled": '{"a":1}' }, null],
])("of %s", async (_, texts, interruption) => {
  expect(await ask(texts)).toEqual(interruption);
});

test("what is stored is read back, and nothing else is", () => {
  expect(readInterruption({ what: "spot", at: 5 })).toEqual({ what: "spot", at: 5 });
  for (const other of [null, {}, { what: "flood", at: 1 }, "spot"]) expect(readInterruption(other)).toBeNull();
});
