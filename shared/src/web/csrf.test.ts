import express from "express";
import { afterAll, beforeAll, expect, it } from "vitest";
import { csrf, csrfToken } from "./csrf.ts";
import { type Listening, serve } from "./serve.ts";

let listening: Listening;

beforeAll(async () => {
  const session = {};
  const app = express();
  app.use(
    (req, _res, next) => {
      Object.assign(req, { session });
      next();
    },
    express.urlencoded({ extended: false }),
  );
  app.get("/form", (req, res) => res.send(csrfToken(req)));
  app.use(csrf());
  app.post("/form", (_req, res) => res.send("done"));
  app.use(((_error, _req, res, _next) => res.status(400).end()) satisfies express.ErrorRequestHandler);
  listening = await serve(app, { host: "127.0.0.1", port: 0 });
});
afterAll(() => listening.close(0));

const form = () => `http://127.0.0.1:${listening.port}/form`;
const token = async () => (await fetch(form())).text();
const send = async (_csrf: string) =>
  (await fetch(form(), { method: "POST", body: new URLSearchParams({ _csrf }) })).status;

it("writes the session's token differently into each page, and takes each form of it", async () => {
  const [first, second] = [await token(), await token()];
  expect(first).not.toBe(second);
  expect([await send(first), await send(second)]).toEqual([200, 200]);
});

it("refuses what is no form of the token", async () => {
  const good = await token();
  const changed = `${good.startsWith("A") ? "B" : "A"}${good.slice(1)}`;
  for (const bad of ["", "x", changed, good.slice(0, 32), good + good])
    expect([bad, await send(bad)]).toEqual([bad, 400]);
});
