import express, { Router } from "express";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../logger.ts";
import { errorHandler, HttpError, notFound } from "./errors.ts";
import { type Listening, serve } from "./serve.ts";
import { refuseWrongMethods } from "./wrong-methods.ts";

let listening: Listening;
beforeAll(async () => {
  const inner = Router();
  inner.post("/notes/:id/delete", (_req, res) => void res.send("deleted"));
  const router = Router();
  router.get("/notes", (_req, res) => void res.send("notes"));
  router.post("/notes", (_req, res) => void res.send("made"));
  router.get("/notes/:id", (_req, res) => void res.send("note"));
  router.use(inner);
  const app = express();
  app.use(refuseWrongMethods([router]));
  app.use((req, _res, next) => {
    if (req.get("x-token") === undefined) throw new HttpError(400, "No token.");
    next();
  });
  app.use(router, notFound);
  app.use(
    errorHandler({ log: createLogger("test", "silent"), renderPage: (res, view) => void res.send(view.sentence) }),
  );
  listening = await serve(app, { host: "127.0.0.1", port: 0 });
});
afterAll(() => listening.close(0));

const send = (method: string, path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${listening.port}${path}`, { method, headers });

test.each([
  ["DELETE", "/notes", "GET, POST"],
  ["PUT", "/notes/7", "GET"],
  ["POST", "/notes/7", "GET"],
  ["GET", "/notes/7/delete", "POST"],
])("%s %s is refused with what the address takes, before anything else is asked", async (method, path, allow) => {
  const answer = await send(method, path);
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
});

test.each([
  ["GET", "/notes", 400],
  ["POST", "/notes", 400],
  ["HEAD", "/notes/7", 400],
  ["DELETE", "/elsewhere", 400],
])("%s %s goes on to the next check", async (method, path, status) => {
  expect((await send(method, path)).status).toBe(status);
});

test("what the address takes gets through, with its parameters, and so does what is not there", async () => {
  const token = { "x-token": "1" };
  expect(await (await send("POST", "/notes/7/delete", token)).text()).toBe("deleted");
  expect((await send("HEAD", "/notes/7", token)).status).toBe(200);
  expect((await send("DELETE", "/elsewhere", token)).status).toBe(404);
});
