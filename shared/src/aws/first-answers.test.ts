import { expect, it } from "vitest";
import { createLogger } from "../logger.ts";
import { awaitFirstAnswers } from "./first-answers.ts";

const log = createLogger("test", "silent");

it("waits for every need, asks those that fail again, and none that has answered", async () => {
  const asked = { database: 0, model: 0 };
  const needs = {
    database: async () => {
      asked.database += 1;
      if (asked.database < 3) throw new Error("down");
    },
    model: async () => {
      asked.model += 1;
    },
  };
  expect(await awaitFirstAnswers(needs, { log, signal: new AbortController().signal, pauseMs: 1 })).toBe(true);
  expect(asked).toEqual({ database: 3, model: 1 });
});

it("ends with the signal when a need never answers", async () => {
  const stop = new AbortController();
  const needs = {
    database: async () => {
      stop.abort();
      throw new Error("down");
    },
  };
  expect(await awaitFirstAnswers(needs, { log, signal: stop.signal, pauseMs: 1 })).toBe(false);
});
