import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { createLogger } from "@elastic-gas/shared/logger";
import { errorHandler } from "@elastic-gas/shared/web/errors";
import { serve } from "@elastic-gas/shared/web/serve";
import express from "express";
import { expect, onTestFinished, test } from "vitest";
import { type TimeLimits, timeLimit } from "./time-limit.ts";

const PATIENT: TimeLimits = { answerMs: 300, stallMs: 10_000, leastBytesPerSecond: 100 };
const STRICT: TimeLimits = { ...PATIENT, stallMs: 200 };

async function start(limits: TimeLimits): Promise<number> {
  const app = express();
  app.use(timeLimit(limits));
  app.post("/read", async (req, res) => void res.send(`read ${(await buffer(req).catch(() => "")).length}`));
  app.post("/early", (_req, res) => void res.send("early"));
  app.use("/never", () => {});
  const log = createLogger("test", "silent");
  app.use(errorHandler({ log, renderPage: (res, { sentence }) => void res.type("text").send(sentence) }));
  const { port, close } = await serve(app, { host: "127.0.0.1", port: 0, requestMs: 60_000 });
  onTestFinished(() => close(0));
  return port;
}

/** A sender that has announced a body of `length` bytes and sent nothing of it. */
async function open(port: number, path: string, length: number): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`);
  return { socket, answer: text(socket) };
}

/** Sends one piece after the other, 10 ms apart, until all are sent or the connection ends. */
async function drip(socket: Socket, pieces: number, piece: Buffer): Promise<void> {
  for (let sent = 0; sent < pieces && socket.writable; sent += 1) {
    socket.write(piece);
    await pause(10);
  }
}

test("an upload that goes on is not cut, though it takes longer than an answer may", async () => {
  const { socket, answer } = await open(await start(PATIENT), "/read", 12_000);
  await drip(socket, 120, Buffer.alloc(100));
  expect(await answer).toMatch(/^HTTP\/1.1 200 [\s\S]*read 12000$/);
});

test("an upload that stops is answered 408 with a sentence, and its connection closed", async () => {
  const port = await start(STRICT);
  for (const before of [0, 500]) {
    const { socket, answer } = await open(port, "/read", 12_000);
    socket.write(Buffer.alloc(before));
    const said = await answer; // ends when the connection does
    expect(said).toMatch(/^HTTP\/1.1 408 [\s\S]*\r\nConnection: close\r\n/);
    expect(said).toContain("The upload stopped: nothing came for ");
  }
});

test("an upload that drips is answered 408", async () => {
  const port = await start({ ...PATIENT, leastBytesPerSecond: 1_000_000 });
  const { socket, answer } = await open(port, "/read", 1_000_000);
  await Promise.all([
    drip(socket, 1_000_000, Buffer.alloc(1)),
    expect(answer).resolves.toMatch(/^HTTP\/1.1 408 [\s\S]*The upload was too slow: less than/),
  ]);
});

test("a sender that was answered early is not waited for when its rest does not come", async () => {
  const { socket, answer } = await open(await start(STRICT), "/early", 12_000);
  socket.write(Buffer.alloc(500));
  expect(await answer).toMatch(/^HTTP\/1.1 200 [\s\S]*early$/);
});

test("a request that nobody answers gets 503, whether its body is there, waits to be read, or is none", async () => {
  const port = await start(STRICT);
  for (const [length, sent] of [
    [0, 0],
    [100, 100],
    [12_000, 500],
  ] as const) {
    const { socket, answer } = await open(port, "/never", length);
    socket.write(Buffer.alloc(sent));
    expect(await answer).toMatch(/^HTTP\/1.1 503 [\s\S]*This took too long\.$/);
  }
});
