import { createServer, type Server } from "node:http";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { afterEach, expect, test } from "vitest";
import { type Forwarder, forwardRequests, type Target } from "./forward-requests.ts";

const servers: Server[] = [];
const forwarders: Forwarder[] = [];
afterEach(async () => {
  for (const forwarder of forwarders.splice(0)) await forwarder.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function startWorker(name: string): Promise<Target> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.end(`${name} ${request.method} ${request.url}`));
  });
  const port = await findFreePort();
  await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  servers.push(server);
  return { host: "127.0.0.1", port };
}

async function forward(targets: () => readonly Target[]): Promise<string> {
  const forwarder = await forwardRequests(await findFreePort(), targets);
  if (forwarder === undefined) throw new Error("the port is taken");
  forwarders.push(forwarder);
  return `http://127.0.0.1:${forwarder.port}`;
}

/** Each on a connection of its own, as other browsers' are. */
async function ask(url: string, body?: string): Promise<string> {
  const response = await fetch(url, {
    headers: { connection: "close" },
    ...(body === undefined ? {} : { method: "POST", body }),
  });
  return response.status === 200 ? response.text() : String(response.status);
}

test("workers get connections in turn, and what was sent arrives", async () => {
  const workers = [await startWorker("a"), await startWorker("b")];
  const url = await forward(() => workers);
  const answers = [await ask(`${url}/x`), await ask(`${url}/x`), await ask(`${url}/x`, "y".repeat(300_000))];
  expect(answers.slice(0, 2).sort()).toEqual(["a GET /x", "b GET /x"]);
  expect(answers[2]).toMatch(/^[ab] POST \/x$/);
});

test("a worker that does not listen yet is passed over; without any the answer is 503", async () => {
  const dead = { host: "127.0.0.1", port: await findFreePort() };
  let targets: readonly Target[] = [];
  const url = await forward(() => targets);
  expect(await ask(url)).toBe("503");
  targets = [dead];
  expect(await ask(url)).toBe("503");
  targets = [dead, await startWorker("a"), dead];
  for (const _ of [1, 2, 3]) expect(await ask(url)).toBe("a GET /");
});

test("where somebody listens already, nothing is forwarded", async () => {
  const { port } = await startWorker("the emulator's own balancer");
  expect(await forwardRequests(port, () => [])).toBeUndefined();
});
