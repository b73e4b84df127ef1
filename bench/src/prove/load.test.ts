import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, test } from "vitest";
import { quantile, type Request, runClients } from "./load.ts";

test.each([
  [[], 0.5, null],
  [[7], 0.99, 7],
  [[3, 1, 2], 0.5, 2],
  [[4, 3, 2, 1], 0.5, 2],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
])("of %j the quantile %d is %s", (values, share, expected) => {
  expect(quantile(values, share)).toBe(expected);
});

test("a client has one request under way, and an answer that comes late delays only its own next one", async () => {
  let underWay = 0;
  let most = 0;
  const requests: Request[] = [];
  const stop = new AbortController();
  const running = runClients({
    kind: "photo",
    clients: 3,
    cycleMs: 1,
    signal: stop.signal,
    call: async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(20);
      underWay -= 1;
      return "ok";
    },
    seen: (request) => void requests.push(request),
  });
  await waitUntil("some requests", () => requests.length >= 9);
  stop.abort();
  await running;
  expect(most).toBe(3);
  expect(underWay).toBe(0);
});

test("a request that throws is one that failed, with its reason", async () => {
  const stop = new AbortController();
  const requests: Request[] = [];
  await runClients({
    kind: "page",
    clients: 1,
    cycleMs: 0,
    signal: stop.signal,
    call: () => Promise.reject(new TypeError("fetch failed", { cause: new Error("ECONNRESET") })),
    seen: (request) => {
      requests.push(request);
      stop.abort();
    },
  });
  expect(requests.map(({ outcome }) => outcome)).toEqual(["fetch failed: ECONNRESET"]);
});
