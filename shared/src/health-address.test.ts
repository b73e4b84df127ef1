import { expect, test } from "vitest";
import { serveHealth, watchTurns } from "./health-address.ts";

test("the address answers 200 while the work advances, and 503 with what stands still", async () => {
  let standstill: string | undefined;
  await using address = await serveHealth({ port: 0, findStandstill: () => standstill });
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${address.port}/`);
    return [response.status, await response.text()];
  };
  expect(await ask()).toEqual([200, "ok\n"]);
  standstill = "a pass has not ended for 400 s";
  expect(await ask()).toEqual([503, "a pass has not ended for 400 s\n"]);
});

test("work stands still when no turn has ended for longer than its limit", () => {
  let now = 0;
  const turns = watchTurns("a pass", 300_000, () => now);
  now = 300_000;
  expect(turns.findStandstill()).toBeUndefined();
  now = 300_001;
  expect(turns.findStandstill()).toBe("a pass has not ended for 300 s");
  turns.turned();
  expect(turns.findStandstill()).toBeUndefined();
});
