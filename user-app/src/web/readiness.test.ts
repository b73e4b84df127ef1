import { serve } from "@elastic-gas/shared/web/serve";
import express from "express";
import { expect, it, onTestFinished } from "vitest";
import { readyRoute } from "./readiness.ts";

it("is ready once each part has answered once, whatever happens to it later", async () => {
  const model = Promise.withResolvers<void>();
  let isDatabaseUp = false;
  const app = express().get(
    "/readyz",
    readyRoute({
      model: () => model.promise,
      database: async () => {
        if (!isDatabaseUp) throw new Error("refused");
      },
    }),
  );
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => listening.close(0));
  const ask = async () => {
    const answer = await fetch(`http://127.0.0.1:${listening.port}/readyz`);
    return { status: answer.status, body: await answer.json() };
  };
  expect(await ask()).toEqual({ status: 503, body: { status: "not ready", missing: ["model", "database"] } });
  isDatabaseUp = true;
  expect(await ask()).toEqual({ status: 503, body: { status: "not ready", missing: ["model"] } });
  isDatabaseUp = false;
  model.resolve();
  expect(await ask()).toEqual({ status: 200, body: { status: "ready" } });
});
