import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { testBalancers } from "@elastic-gas/testing/local-cloud/elbv2/test-balancer";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it, onTestFinished } from "vitest";

const { startBalancer, startTarget } = testBalancers(onTestFinished);

/** A client that writes bytes and keeps all that it is answered. */
async function startClient(port: number) {
  const socket: Socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  let heard = "";
  let ended = false;
  socket.on("data", (bytes) => {
    heard += bytes.toString("latin1");
  });
  socket.on("end", () => {
    ended = true;
  });
  socket.on("close", () => {
    ended = true;
  });
  socket.on("error", () => undefined);
  return {
    socket,
    heard: () => heard,
    until: (text: string | RegExp) => waitUntil(`${text}, not: ${heard}`, () => heard.match(text) !== null),
    untilEnd: () => waitUntil("the connection's end", () => ended),
  };
}

async function start(answer: RequestListener) {
  const target = await startTarget("target", answer);
  const { port } = await startBalancer([target]);
  return { target, client: await startClient(port) };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

it("answers one request after the other on the same connection", async () => {
  const { client } = await start((req, res) => res.end(`seen ${req.url}`));
  for (const path of ["/1", "/2", "/3"]) {
    client.socket.write(get(path));
    await client.until(`seen ${path}`);
  }
  expect(client.heard().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
  expect(client.heard()).toMatch(/\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n/);
});

it("adds what a balancer adds", async () => {
  const { client } = await start((req, res) => res.end(JSON.stringify(req.headers)));
  client.socket.write("GET / HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-For: 10.0.0.1\r\nKeep-Alive: 5\r\n\r\n");
  await client.until(/"x-forwarded-for":"10\.0\.0\.1, 127\.0\.0\.1"/);
  await client.until(/"host":"example\.org".*"x-amzn-trace-id":"Root=1-/);
  expect(client.heard()).not.toContain("keep-alive:");
});

it.each([
  ["a body", "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "POST /2 hello"],
  [
    "chunks",
    "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /2 hello",
  ],
  ["an older version", "GET /2 HTTP/1.0\r\nHost: x\r\n\r\n", "GET /2 "],
])("goes on with a request that has %s, and with plain ones after it", async (_what, request, expected) => {
  const { client } = await start((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (part: string) => {
      body += part;
    });
    req.on("end", () => res.end(`${req.method} ${req.url} ${body}.`));
  });
  client.socket.write(get("/1"));
  await client.until("GET /1 .");
  client.socket.write(request);
  await client.until(`${expected}.`);
  if (request.includes("HTTP/1.0")) return;
  client.socket.write(get("/3"));
  await client.until("GET /3 .");
});

it("takes a request in pieces, of any size", async () => {
  const { client } = await start((req, res) => res.end(`seen ${req.url}`));
  for (const byte of get("/bytes")) {
    client.socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.until("seen /bytes");
});

it("answers requests that come at once in their order", async () => {
  const { client } = await start((req, res) => res.end(`seen ${req.url}.`));
  client.socket.write(get("/1"));
  client.socket.write(get("/2") + get("/3") + get("/4"));
  await client.until("seen /4.");
  expect([...client.heard().matchAll(/seen (\/\d)/g)].map(([, path]) => path)).toEqual(["/1", "/2", "/3", "/4"]);
});

it("keeps a next request until the answer before it is out", async () => {
  const waiting: (() => void)[] = [];
  const { client, target } = await start((req, res) => {
    if (req.url === "/1") waiting.push(() => res.end("first."));
    else res.end("second.");
  });
  client.socket.write(get("/1"));
  await waitUntil("the first request", () => waiting.length === 1);
  client.socket.write(get("/2"));
  await new Promise((resolve) => setImmediate(resolve));
  waiting[0]?.();
  await client.until(/first\.[\s\S]*second\./);
  expect(target.seen).toEqual(["GET /1", "GET /2"]);
});

it("refuses what is no request, as Node does", async () => {
  const { client, target } = await start((_req, res) => res.end("seen"));
  client.socket.write("GET / HTTP/1.1\r\nHost : x\r\n\r\n");
  await client.until(/^HTTP\/1\.1 400 /);
  await client.untilEnd();
  expect(target.seen).toEqual([]);
});

it("sends on in chunks what the target does not measure", async () => {
  const { client } = await start((req, res) => {
    res.write("one,");
    if (req.url === "/wait") setImmediate(() => res.end("two."));
    else res.end();
  });
  client.socket.write(get("/wait"));
  await client.until(/\r\nTransfer-Encoding: chunked\r\n[\s\S]*4\r\none,\r\n4\r\ntwo\.\r\n0\r\n\r\n$/);
  client.socket.write(get("/short"));
  await client.until(/4\r\none,\r\n0\r\n\r\n$/);
});

it("answers HEAD and 304 without a body, and goes on", async () => {
  const { client } = await start((req, res) => {
    if (req.url === "/304") res.writeHead(304).end();
    else res.writeHead(200, { "content-length": "1000" }).end();
  });
  client.socket.write("HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  await client.until(/content-length: 1000\r\n[\s\S]*\r\n\r\n$/);
  client.socket.write(get("/304"));
  await client.until(/304 Not Modified\r\n[\s\S]*\r\n\r\n$/);
  expect(client.heard()).not.toMatch(/transfer-encoding/i);
});

it("cuts the connection when the target ends in the middle of an answer", async () => {
  const { client } = await start((_req, res) => {
    res.writeHead(200, { "content-length": "1000" }).write("begun", () => res.destroy());
  });
  client.socket.write(get("/"));
  await client.untilEnd();
  expect(client.heard()).not.toContain("502");
});

it("tells the target when the client has gone", async () => {
  let gone = false;
  let begun = false;
  const { client } = await start((_req, res) => {
    begun = true;
    res.on("close", () => {
      gone = true;
    });
  });
  client.socket.write(get("/"));
  await waitUntil("the request", () => begun);
  client.socket.destroy();
  await waitUntil("the end of the request", () => gone);
});

it("holds a fast target back when its client is slow", async () => {
  const size = 64 * 1024 * 1024;
  let drained = 0;
  const { client } = await start((_req, res) => {
    res.writeHead(200, { "content-length": String(size) });
    const chunk = Buffer.alloc(1024 * 1024, "x");
    const more = () => {
      while (drained < size) {
        drained += chunk.length;
        if (!res.write(chunk)) {
          res.once("drain", more);
          return;
        }
      }
      res.end();
    };
    more();
  });
  client.socket.pause();
  client.socket.write(get("/"));
  await waitUntil("the target waits", async () => {
    const before = drained;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return before > 0 && before === drained;
  });
  expect(drained).toBeLessThan(size);
  client.socket.resume();
  await waitUntil("all of it", () => client.heard().length > size);
});

it("answers 502 in place of a field that holds a line break", async () => {
  const target = createServer((socket) => {
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nX-A: b\nX-C: d\r\nContent-Length: 0\r\n\r\n"));
    socket.on("error", () => undefined);
  }).listen(0, "127.0.0.1");
  await once(target, "listening");
  onTestFinished(() => void target.close());
  const { port, register } = await startBalancer([]);
  const address = target.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  await register(address);
  const client = await startClient(port);
  client.socket.write(get("/"));
  await client.until(/^HTTP\/1\.1 502 Bad Gateway/);
  expect(client.heard()).not.toContain("X-C");
});

it("closes a connection that stays idle", async () => {
  const target = await startTarget("target");
  const { port } = await startBalancer([target], { idleSeconds: 1 });
  const client = await startClient(port);
  client.socket.write(get("/"));
  await client.until("target");
  await client.untilEnd();
});
