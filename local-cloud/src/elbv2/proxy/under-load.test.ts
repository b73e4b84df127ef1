import { createHash, randomBytes, randomInt } from "node:crypto";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { startWorker, type Worker } from "@elastic-gas/testing/local-cloud/elbv2/start-worker";
import { testBalancers } from "@elastic-gas/testing/local-cloud/elbv2/test-balancer";
import { IS_PROOF, recordResult } from "@elastic-gas/testing/local-cloud/proof";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, onTestFinished, test } from "vitest";

// Workers are processes of their own here, and every answer is checked against what was sent.

const { startBalancer } = testBalancers(onTestFinished);
const REQUESTS = IS_PROOF ? 5000 : 800;
const DEADLINE = { deadlineMs: 240_000 };
const TEST_MS = 600_000;

async function start(name: string, port?: number, manner?: "steady" | "closing"): Promise<Worker> {
  const worker = await startWorker(name, port, manner);
  onTestFinished(() => worker.end("SIGKILL"));
  return worker;
}

/** "ok" when the answer is the digest of what was sent, else what went wrong. */
function send(url: string, agent: Agent | undefined, method: string, body: Buffer): Promise<string> {
  const digest = createHash("sha256").update(body).digest("hex");
  return new Promise((resolve) => {
    const req = request(url, { agent, method }, (res) => {
      text(res).then(
        (answer) => resolve(res.statusCode === 200 && answer.endsWith(digest) ? "ok" : `status ${res.statusCode}`),
        (error: Error) => resolve(`cut: ${error.message}`),
      );
    });
    req.on("error", (error) => resolve(`error: ${error.message}`));
    req.end(body);
  });
}

/** Requests of all kinds in `lanes` parallel lanes over kept connections, until stopped. */
function startLoad(url: string, lanes = 8) {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  onTestFinished(() => agent.destroy());
  const outcomes: string[] = [];
  let running = true;
  const kinds = [
    () => send(url, agent, "GET", Buffer.alloc(0)),
    () => send(url, agent, "POST", randomBytes(randomInt(1, 2000))),
    () => send(url, agent, "PUT", randomBytes(randomInt(1, 2000))),
    () => send(url, agent, "POST", randomBytes(100_000)), // streamed through
    () => send(`${url}/slow`, agent, "GET", Buffer.alloc(0)),
    () => send(`${url}/slow`, agent, "POST", randomBytes(500)),
  ];
  const lane = async (first: number) => {
    for (let turn = first; running; turn += 1) outcomes.push((await kinds[turn % kinds.length]?.()) ?? "");
  };
  const ended = Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  return {
    outcomes,
    reach: (total: number) => waitUntil(`${total} requests`, () => outcomes.length >= total, DEADLINE),
    async stop() {
      running = false;
      await ended;
    },
  };
}

const failuresOf = (outcomes: readonly string[]) => outcomes.filter((outcome) => outcome !== "ok");

/** A WebSocket that has reached the worker of that name, which greets with it. */
async function openSocket(url: string, name: string) {
  for (;;) {
    const socket = new WebSocket(url.replace("http", "ws"));
    if ((await nextText(socket)) === name) return socket;
    socket.close();
  }
}

function nextText(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => resolve(data), { once: true });
    socket.addEventListener("error", () => reject(new Error("The WebSocket failed.")), { once: true });
  });
}

test(
  "workers are deregistered, restarted and registered again under load without one failed request",
  async () => {
    const a = await start("a");
    let b = await start("b");
    const { port } = b;
    const balancer = await startBalancer([a, b], { attributes: { "deregistration_delay.timeout_seconds": "300" } });
    const load = startLoad(balancer.url);
    const rounds = 4;
    for (let round = 1; round <= rounds; round += 1) {
      await load.reach((REQUESTS * (round - 0.5)) / rounds);
      // An open response and an open WebSocket of the worker that goes.
      const socket = await openSocket(balancer.url, "b");
      const held = [0, 1, 2, 3].map(() => send(`${balancer.url}/held`, undefined, "POST", randomBytes(300)));
      await waitUntil("responses begun", () => b.inFlight() >= 2, DEADLINE);
      await balancer.deregister(b);
      const before = load.outcomes.length;
      await load.reach(before + 30);
      expect((await balancer.health())[port]?.[0]).toBe("draining");
      const echoed = nextText(socket);
      socket.send("still here");
      expect(await echoed).toBe("still here");
      a.release();
      b.release();
      expect(await Promise.all(held)).toEqual(["ok", "ok", "ok", "ok"]);
      socket.close();
      await waitUntil("deregistered", async () => (await balancer.health())[port] === undefined, DEADLINE);
      await b.end("SIGTERM");
      b = await start("b", port);
      await balancer.register(b);
      await waitUntil("healthy", async () => (await balancer.health())[port]?.[0] === "healthy", DEADLINE);
    }
    await load.reach(REQUESTS);
    await load.stop();
    recordResult("balancer-deregistration", "Workers deregistered and restarted under load", {
      requests: load.outcomes.length,
      rounds,
      failed: failuresOf(load.outcomes).length,
    });
    expect(failuresOf(load.outcomes)).toEqual([]);
  },
  TEST_MS,
);

test(
  "workers that close kept connections at random moments cost no request",
  async () => {
    const workers = [await start("a", 0, "closing"), await start("b", 0, "closing")];
    const balancer = await startBalancer(workers);
    const load = startLoad(balancer.url);
    await load.reach(REQUESTS);
    await load.stop();
    recordResult("balancer-closing-workers", "Workers that close kept connections under load", {
      requests: load.outcomes.length,
      failed: failuresOf(load.outcomes).length,
    });
    expect(failuresOf(load.outcomes)).toEqual([]);
  },
  TEST_MS,
);

test(
  "a killed worker costs exactly the requests in flight on it",
  async () => {
    const [a, b] = [await start("a"), await start("b")];
    const { url } = await startBalancer([a, b], { group: { UnhealthyThresholdCount: 2 } });
    const count = IS_PROOF ? 200 : 40;
    const outcomes = Array.from({ length: count }, () =>
      send(`${url}/unanswered`, undefined, "POST", randomBytes(randomInt(1, 3000))),
    );
    await waitUntil("all have arrived", () => a.inFlight() + b.inFlight() === count, DEADLINE);
    const lost = b.inFlight();
    expect(lost).toBeGreaterThan(0);
    await b.end("SIGKILL");
    // Requests that come now find the connection refused and go to the other worker.
    const later = await Promise.all(
      Array.from({ length: count }, () => send(url, undefined, "POST", randomBytes(randomInt(1, 3000)))),
    );
    a.release();
    const ended = await Promise.all(outcomes);
    recordResult("balancer-killed-worker", "A worker killed with requests in flight", {
      requests: 2 * count,
      inFlight: lost,
      failed: failuresOf(ended).length,
    });
    expect(failuresOf(ended)).toEqual(Array(lost).fill("status 502"));
    expect(failuresOf(later)).toEqual([]);
  },
  TEST_MS,
);
