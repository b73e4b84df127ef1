import { createLogger } from "@elastic-gas/shared/logger";
import { errorHandler, HttpError, Overloaded } from "@elastic-gas/shared/web/errors";
import { serve } from "@elastic-gas/shared/web/serve";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { createLoadMeter } from "./load-meter.ts";

const START = Date.parse("2026-09-08T14:00:00Z");

async function metered({ startsAt = START, vcpus = 2 } = {}) {
  const clock = { at: startsAt, cpuSeconds: 100 };
  const meter = createLoadMeter({
    periodSeconds: 10,
    vcpus,
    now: () => clock.at,
    cpuSeconds: () => clock.cpuSeconds,
  });
  const app = express();
  app.use(meter.count, (req, res) => {
    if (req.path === "/full") throw new Overloaded("Full.", { retryAfterSeconds: 2 });
    if (req.path === "/without-database") throw new HttpError(503, "No answer.", { retryAfterSeconds: 5 });
    res.status(req.path === "/broken" ? 500 : 200).end();
  });
  app.use(errorHandler({ log: createLogger("test", "silent"), renderPage: (res) => void res.end() }));
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => listening.close(0));
  const ask = async (path: string, times = 1) => {
    for (let n = 0; n < times; n += 1) await (await fetch(`http://127.0.0.1:${listening.port}${path}`)).arrayBuffer();
  };
  const move = (seconds: number, usedSeconds: number) => {
    clock.at = START + seconds * 1_000;
    clock.cpuSeconds += usedSeconds;
    return meter.close();
  };
  return { meter, ask, move };
}

test("a refusal for the load alone is no failure; a service that does not answer is one", async () => {
  const { meter, ask, move } = await metered();
  await ask("/full", 3);
  await ask("/without-database");
  await ask("/broken");
  move(10, 1);
  expect(meter.points().points).toMatchObject([{ requests: 5, successes: 0, failures: 2 }]);
});

test("a point holds the requests and the CPU of its period of the wall clock", async () => {
  const { meter, ask, move } = await metered();
  await ask("/", 3);
  await ask("/broken");
  await ask("/healthz", 5);
  expect(move(9.9, 4)).toBe(false);
  expect(move(10, 6)).toBe(true);
  expect(meter.points()).toEqual({
    periodSeconds: 10,
    points: [{ at: START, cpuPercent: 50, requests: 4, successes: 3, failures: 1, responseMs: expect.any(Number) }],
  });
  expect(move(20, 20)).toBe(true);
  expect(meter.points().points.map(({ at, cpuPercent, requests }) => [at - START, cpuPercent, requests])).toEqual([
    [0, 50, 4],
    [10_000, 100, 0],
  ]);
});

test("the part of a period in which the worker began, and one that was measured far too late, make no point", async () => {
  const { meter, move } = await metered({ startsAt: START + 4_000 });
  expect(move(10.2, 1)).toBe(false);
  expect(move(45, 1)).toBe(false);
  expect(move(50.3, 1)).toBe(true);
  expect(meter.points().points.map(({ at }) => at - START)).toEqual([40_000]);
});

test("the newest six minutes are kept", async () => {
  const { meter, move } = await metered();
  for (let period = 1; period <= 50; period += 1) move(period * 10, 1);
  const { points } = meter.points();
  expect(points).toHaveLength(36);
  expect(points.at(-1)?.at).toBe(START + 490_000);
});
