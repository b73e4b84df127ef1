import { createHash, randomInt } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { mirrorSockets } from "./mirror-sockets.ts";

/**
 * A web worker as a process of its own, for tests that end it: `worker-process.ts <name> <port> <steady|closing>`. A
 * closing one ends connections that it kept alive at random moments. Every answer's body is `<name> <SHA-256 of the
 * request's body>`.
 */
const [, , name = "", port = "0", manner = "steady"] = process.argv;
const idle = new Set<Socket>();
let release: () => void = () => undefined;
let released = new Promise<void>((resolve) => {
  release = resolve;
});

const tell = (event: string) => process.send?.({ event });

const server = createServer((req, res) => {
  if (req.url === "/healthz") {
    res.end("ok");
    return;
  }
  idle.delete(req.socket);
  tell("arrived");
  void (async () => {
    const answer = `${name} ${createHash("sha256")
      .update(await buffer(req))
      .digest("hex")}`;
    if (req.url === "/slow") {
      for (const char of answer.slice(0, 5)) {
        res.write(char);
        await sleep(10);
      }
      res.end(answer.slice(5));
    } else if (req.url === "/held") {
      res.write(answer.slice(0, 5));
      await released;
      res.end(answer.slice(5));
    } else if (req.url === "/unanswered") {
      await released;
      res.end(answer);
    } else {
      res.end(answer);
    }
  })().catch(() => res.destroy());
  res.on("finish", () => {
    tell("answered");
    const { socket } = req;
    idle.add(socket);
    // The worst moment is a close that crosses with the next request.
    if (manner === "closing" && randomInt(4) === 0)
      setTimeout(() => {
        if (idle.delete(socket)) socket.destroy();
      }, randomInt(6));
  });
});

// As the product's servers; one that closes at random must not promise it.
if (manner === "steady") server.keepAliveTimeout = 75_000;

mirrorSockets(server, name);

process.on("message", () => {
  release();
  released = Promise.resolve();
});
process.on("disconnect", () => process.exit(0));
server.listen(Number(port), "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port }); // a TCP server that listens has one
});
