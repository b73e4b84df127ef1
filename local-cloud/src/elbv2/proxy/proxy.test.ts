import { createHash, randomBytes } from "node:crypto";
import { Agent, type IncomingMessage, type RequestListener, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { mirrorSockets } from "@elastic-gas/testing/local-cloud/elbv2/mirror-sockets";
import { call, stopTarget, type TestTarget, testBalancers } from "@elastic-gas/testing/local-cloud/elbv2/test-balancer";
import { describe, expect, it, onTestFinished, vi } from "vitest";

const { startBalancer, startTarget } = testBalancers(onTestFinished);

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

function ask(
  url: string,
  {
    method = "GET",
    headers = {},
    body = "",
  }: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const req = request(url, { method, headers, agent: false }, (res) => {
      text(res).then((answer) => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: answer }), reject);
    });
    req.on("error", reject);
    req.end(body);
  });
}

/** Asks in `lanes` parallel lanes over kept connections, over and over; `stop` tells every answer. */
function startLoad(url: string, { lanes = 8, method = "GET" } = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const answers: string[] = [];
  let running = true;
  const lane = async () => {
    while (running) {
      answers.push(
        await new Promise<string>((resolve) => {
          const req = request(url, { agent, method }, (res) => {
            text(res).then(
              (body) => resolve(res.statusCode === 200 ? body : `status ${res.statusCode}`),
              () => resolve("cut"),
            );
          });
          req.on("error", (error) => resolve(`error ${error.message}`));
          req.end();
        }),
      );
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, lane));
  onTestFinished(() => agent.destroy());
  return {
    answers,
    async stop(): Promise<readonly string[]> {
      running = false;
      await all;
      return answers;
    },
    async count(more: number): Promise<void> {
      const wanted = answers.length + more;
      await vi.waitFor(() => expect(answers.length).toBeGreaterThanOrEqual(wanted), { timeout: 120_000, interval: 5 });
    },
  };
}

const failuresOf = (answers: readonly string[], names: readonly string[]) =>
  answers.filter((answer) => !names.includes(answer));
const echo: RequestListener = (req, res) => {
  text(req).then(
    (body) =>
      res
        .setHeader("Content-Type", "application/json")
        .end(JSON.stringify({ method: req.method, url: req.url, headers: req.rawHeaders, body })),
    () => res.destroy(),
  );
};

describe("a request", () => {
  it("reaches the target as it was sent, with what a balancer adds", async () => {
    const balancer = await startBalancer([await startTarget("a", echo)]);
    const headers = {
      Host: "gas.test:8080",
      "X-Forwarded-For": "10.1.1.1",
      "X-Forwarded-Proto": "https",
      Cookie: "a=1; b=2",
      Connection: "x-private",
      "X-Private": "1",
    };
    const { status, body } = await ask(`${balancer.url}/a/b?c=%20d`, { method: "POST", headers, body: "hello" });
    const seen = JSON.parse(body) as { method: string; url: string; headers: string[]; body: string };
    const field = (name: string) => seen.headers[seen.headers.indexOf(name) + 1];
    expect(status).toBe(200);
    expect(seen).toMatchObject({ method: "POST", url: "/a/b?c=%20d", body: "hello" });
    expect(field("Host")).toBe("gas.test:8080");
    expect(field("Cookie")).toBe("a=1; b=2");
    expect(field("X-Forwarded-For")).toBe("10.1.1.1, 127.0.0.1");
    expect(field("X-Forwarded-Proto")).toBe("http");
    expect(field("X-Forwarded-Port")).toBe(String(balancer.port));
    expect(field("X-Amzn-Trace-Id")).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(seen.headers.filter((name) => /^x-(private|forwarded-for)$/i.test(name))).toEqual(["X-Forwarded-For"]);
  });

  it("brings back status, repeated headers and body", async () => {
    const answer: RequestListener = (_, res) =>
      res
        .writeHead(418, "Teapot", [
          ["Set-Cookie", "a"],
          ["Set-Cookie", "b"],
        ])
        .end("short and stout");
    const { url } = await startBalancer([await startTarget("a", answer)]);
    const { status, headers, body } = await ask(url);
    expect({ status, cookies: headers["set-cookie"], body }).toEqual({
      status: 418,
      cookies: ["a", "b"],
      body: "short and stout",
    });
  });

  it.each(["HEAD", "GET"])("by %s of an empty answer comes to its end", async (method) => {
    const answer: RequestListener = (req, res) =>
      req.method === "HEAD" ? res.setHeader("Content-Length", "5").end() : res.writeHead(304).end();
    const { url } = await startBalancer([await startTarget("a", answer)]);
    for (const _ of [1, 2, 3]) expect((await ask(url, { method })).body).toBe("");
  });

  it.each([
    ["of known length", { "Content-Length": String(10_000_000) }],
    ["in chunks", {}],
  ])("uploads and downloads 10 MB %s unchanged", async (_, headers) => {
    const mirror: RequestListener = (req, res) => void req.pipe(res);
    const { url } = await startBalancer([await startTarget("a", mirror)]);
    const data = randomBytes(10_000_000);
    const hash = await new Promise<string>((resolve, reject) => {
      const req = request(url, { method: "POST", headers, agent: false }, (res) => {
        const digest = createHash("sha256");
        res.on("data", (part: Buffer) => digest.update(part)).on("end", () => resolve(digest.digest("hex")));
      });
      req.on("error", reject);
      for (let from = 0; from < data.length; from += 1_000_000) req.write(data.subarray(from, from + 1_000_000));
      req.end();
    });
    expect(hash).toBe(createHash("sha256").update(data).digest("hex"));
  });

  it("holds a fast target back when its client is slow", async () => {
    let [sent, over] = [0, false];
    const flood: RequestListener = (_, res) => {
      res.on("close", () => (over = true));
      const fill = () => {
        while (!over && sent < 200_000_000) {
          sent += 65_536;
          if (res.write(Buffer.alloc(65_536))) continue;
          res.once("drain", fill);
          return;
        }
      };
      fill();
    };
    const { port } = await startBalancer([await startTarget("a", flood)]);
    const client = connect(port, "127.0.0.1");
    onTestFinished(() => void client.destroy());
    client.pause();
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await vi.waitFor(() => expect(sent).toBeGreaterThan(0), 60_000);
    let before = -1;
    await vi.waitFor(
      () => {
        const still = sent === before;
        before = sent;
        expect(still).toBe(true);
      },
      { timeout: 120_000, interval: 200 },
    );
    expect(sent).toBeLessThan(50_000_000);
    client.destroy();
    await vi.waitFor(() => expect(over).toBe(true), 60_000); // the target learns that the client has gone
  });

  it("lets events through as they come", async () => {
    let next: (event: string) => void = () => undefined;
    const stream: RequestListener = (_, res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
      next = (event) => void res.write(`data: ${event}\n\n`);
    };
    const { url } = await startBalancer([await startTarget("a", stream)]);
    const caller = new AbortController();
    onTestFinished(() => caller.abort());
    const { body, headers } = await fetch(url, { signal: caller.signal });
    expect(headers.get("content-type")).toBe("text/event-stream");
    const reader = body?.getReader();
    for (const event of ["1", "2", "3"]) {
      next(event);
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(`data: ${event}\n\n`);
    }
  });
});

describe("an error of the balancer itself", () => {
  it.each<[number, string, (req: IncomingMessage) => void]>([
    [502, "Bad Gateway", (req) => req.socket.destroy()],
    [502, "Bad Gateway", (req) => req.socket.end("nonsense\r\n\r\n")],
    [504, "Gateway Time-out", () => undefined],
  ])("is %d %s with a page as AWS words it", async (status, reason, act) => {
    const target = await startTarget("a", (req) => act(req));
    const { url } = await startBalancer([target], { idleSeconds: 0.2 });
    const answer = await ask(url, { method: "POST", body: "x" });
    expect(answer).toMatchObject({ status, headers: { server: "awselb/2.0", "content-type": "text/html" } });
    expect(answer.body).toContain(`<center><h1>${status} ${reason}</h1></center>`);
    expect(target.seen).toEqual(["POST /"]); // what is not safe to repeat is sent once
  });

  it("comes at once when what must not be repeated met a dying target, though connections were kept alive", async () => {
    const target = await startTarget("a", (req, res) => (req.method === "POST" ? req.socket.destroy() : res.end("a")));
    const { url } = await startBalancer([target]);
    for (const _ of [1, 2]) await ask(url);
    expect((await ask(url, { method: "POST", body: "x" })).status).toBe(502);
    expect(target.seen).toEqual(["GET /", "GET /", "POST /"]);
  });

  it("is 503 without any target, and when those that there are can neither be connected to nor are healthy", async () => {
    const target = await startTarget("a");
    const balancer = await startBalancer([]);
    expect((await ask(balancer.url)).status).toBe(503);
    await stopTarget(target);
    await balancer.register(target);
    const answer = await ask(balancer.url);
    expect([answer.status, answer.body]).toEqual([503, expect.stringContaining("503 Service Temporarily Unavailable")]);
  });

  it("is 502 when a target that passed its checks cannot be connected to", async () => {
    const target = await startTarget("a");
    const balancer = await startBalancer([target], { group: { HealthCheckIntervalSeconds: 30 } });
    await stopTarget(target);
    expect((await ask(balancer.url)).status).toBe(502);
  });

  it.each([
    ["a short body of which nothing", "Content-Length: 10\r\n\r\n"],
    ["a short body of which half", "Content-Length: 10\r\n\r\nhalf"],
    ["a long body of which nothing", "Content-Length: 1000000\r\n\r\n"],
    ["a body in chunks of which one", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"],
  ])("is 408, and the connection's end, for %s comes", async (_, rest) => {
    const target = await startTarget("a", (req, res) => void req.resume().on("end", () => res.end("a")));
    const { port } = await startBalancer([target], { idleSeconds: 0.2 });
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST / HTTP/1.1\r\nHost: gas\r\n${rest}`);
    const answer = await text(socket); // to the end of the connection
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Time-out\r\n/);
  });

  it("cuts an answer short that the target did not finish", async () => {
    const answer: RequestListener = (_, res) => {
      res.writeHead(200, { "Content-Length": "10" }).write("half");
      setTimeout(() => res.destroy(), 20);
    };
    const { url } = await startBalancer([await startTarget("a", answer)]);
    await expect(ask(url)).rejects.toThrow();
  });
});

describe("balancing", () => {
  it("takes healthy targets in turn", async () => {
    const balancer = await startBalancer([await startTarget("a"), await startTarget("b")]);
    const names: string[] = [];
    for (let index = 0; index < 6; index += 1) names.push((await ask(balancer.url)).body);
    expect(names.filter((name) => name === "a")).toHaveLength(3);
  });

  it("takes the target with the fewest requests in flight, when told so", async () => {
    const slow = await startTarget("slow", () => undefined);
    const fast = await startTarget("fast");
    const attributes = { "load_balancing.algorithm.type": "least_outstanding_requests" };
    const { url } = await startBalancer([slow, fast], { attributes });
    const caller = new AbortController();
    const stuck = Array.from({ length: 2 }, () => fetch(url, { signal: caller.signal }).catch(() => undefined));
    await vi.waitFor(() => expect(slow.seen.length).toBeGreaterThan(0), 60_000);
    for (let index = 0; index < 5; index += 1) expect((await ask(url)).body).toBe("fast");
    caller.abort();
    await Promise.all(stuck);
  });

  it("uses all targets when none is healthy", async () => {
    const target = await startTarget("a");
    const balancer = await startBalancer([], { group: { HealthCheckPath: "/", Matcher: { HttpCode: "299" } } });
    await balancer.register(target);
    await balancer.untilState(target, "unhealthy");
    expect((await ask(balancer.url)).body).toBe("a");
  });
});

describe("no request fails", () => {
  it("when targets are deregistered and registered under load", async () => {
    const slow: RequestListener = (_, res) => void setTimeout(() => res.end("slow"), 15);
    const [a, b] = [await startTarget("a"), await startTarget("slow", slow)];
    const balancer = await startBalancer([a, b]);
    for (const method of ["GET", "POST"]) {
      const load = startLoad(balancer.url, { method });
      await load.count(50);
      for (let round = 0; round < 3; round += 1) {
        await balancer.deregister(b);
        await balancer.untilState(b, undefined);
        await load.count(30);
        await balancer.register(b);
        await balancer.untilState(b, "healthy");
        await load.count(30);
      }
      expect(failuresOf(await load.stop(), ["a", "slow"])).toEqual([]);
    }
  });

  it("when a target closes connections that were kept alive", async () => {
    const target = await startTarget("a");
    target.server.keepAliveTimeout = 1; // plus the second of grace that Node gives
    const { url } = await startBalancer([target]);
    // The worst moment is a close that crosses with a request: connections are closed while requests keep coming.
    const load = startLoad(url);
    const closing = (async () => {
      for (let round = 0; round < 100; round += 1) {
        target.server.closeIdleConnections();
        await sleep(3);
      }
    })();
    await closing;
    expect(failuresOf(await load.stop(), ["a"])).toEqual([]);
    expect(load.answers.length).toBeGreaterThan(100);
  });

  it("when a target stops listening before it is deregistered", async () => {
    const [a, b] = [await startTarget("a"), await startTarget("b")];
    const { url } = await startBalancer([a, b]);
    const load = startLoad(url);
    await load.count(50);
    await new Promise<void>((resolve) => b.server.close(() => resolve())); // finishes what it has, refuses what comes
    await load.count(50);
    expect(failuresOf(await load.stop(), ["a", "b"])).toEqual([]);
  });
});

it("loses only the requests in flight with a killed target, and none that may be repeated", async () => {
  const slow =
    (name: string): RequestListener =>
    (_, res) =>
      void setTimeout(() => res.end(name), 10);
  const [a, b] = [await startTarget("a", slow("a")), await startTarget("b", slow("b"))];
  const { url } = await startBalancer([a, b]);
  const load = startLoad(url, { lanes: 10, method: "POST" });
  await load.count(50);
  await stopTarget(b);
  await load.count(100);
  const answers = await load.stop();
  expect(failuresOf(answers, ["a", "b", "status 502"])).toEqual([]);
  expect(answers.filter((answer) => answer === "status 502").length).toBeLessThanOrEqual(10);
  expect(new Set(answers.slice(-30))).toEqual(new Set(["a"]));
});

describe("a target that is deregistered", () => {
  async function startDraining(delaySeconds: string) {
    let finish: () => void = () => undefined;
    const target: TestTarget = await startTarget("a", (_, res) => (finish = () => void res.end("done")));
    const balancer = await startBalancer([target], {
      attributes: { "deregistration_delay.timeout_seconds": delaySeconds },
    });
    const answer = ask(balancer.url).catch(() => "cut");
    await vi.waitFor(() => expect(target.seen).toHaveLength(1), 60_000);
    await balancer.deregister(target);
    return { target, balancer, answer, finish: () => finish() };
  }

  it("finishes its requests in flight and takes no new ones", async () => {
    const { target, balancer, answer, finish } = await startDraining("60");
    expect(await balancer.health()).toEqual({ [target.port]: ["draining", "Target.DeregistrationInProgress"] });
    expect((await ask(balancer.url)).status).toBe(503);
    finish();
    expect(await answer).toMatchObject({ status: 200, body: "done" });
    expect(await balancer.health()).toEqual({});
  });

  it("loses what is still in flight after the deregistration delay", async () => {
    const { balancer, answer } = await startDraining("0.1");
    const outcome = await answer;
    expect(outcome === "cut" || outcome).toMatchObject({ status: 502 });
    expect(await balancer.health()).toEqual({});
  });

  it("takes requests again when it is registered while it drains", async () => {
    const { target, balancer } = await startDraining("60");
    await balancer.register(target);
    await balancer.untilState(target, "healthy");
  });
});

it("forwards to another target group once a listener is told so", async () => {
  const [a, b] = [await startTarget("a"), await startTarget("b")];
  const balancer = await startBalancer([a]);
  const { handlers, ListenerArn } = balancer;
  const { TargetGroups } = await handlers.CreateTargetGroup({ Name: "other", Port: b.port, TargetType: "ip" }, call);
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
  await handlers.RegisterTargets({ TargetGroupArn, Targets: [{ Id: "127.0.0.1" }] }, call);
  await handlers.ModifyListener({ ListenerArn, DefaultActions: [{ Type: "forward", TargetGroupArn }] }, call);
  expect((await ask(balancer.url)).body).toBe("b");
});

describe("a WebSocket", () => {
  async function startSocketTarget() {
    const target = await startTarget("a");
    mirrorSockets(target.server, undefined, (socket) => onTestFinished(() => void socket.destroy()));
    return target;
  }

  it("is carried both ways, and counts as in flight while it is open", async () => {
    const target = await startSocketTarget();
    const balancer = await startBalancer([target], { attributes: { "deregistration_delay.timeout_seconds": "60" } });
    const socket = new WebSocket(balancer.url.replace("http", "ws"));
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    for (const message of ["hello", "again"]) {
      const echoed = new Promise<unknown>((resolve) =>
        socket.addEventListener("message", ({ data }) => resolve(data), { once: true }),
      );
      socket.send(message);
      expect(await echoed).toBe(message);
    }
    await balancer.deregister(target);
    expect((await balancer.health())[target.port]?.[0]).toBe("draining");
    socket.close();
    await balancer.untilState(target, undefined);
  });

  it("is refused in HTTP when there is no target or the target declines", async () => {
    const upgrade = { Connection: "Upgrade", Upgrade: "websocket" };
    const empty = await startBalancer([]);
    expect((await ask(empty.url, { headers: upgrade })).status).toBe(503);
    const declining = await startTarget("a", (_, res) => res.writeHead(403).end("no"));
    const { url } = await startBalancer([declining]);
    expect(await ask(url, { headers: upgrade })).toMatchObject({ status: 403, body: "no" });
  });
});
