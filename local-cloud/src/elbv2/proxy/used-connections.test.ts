import { once } from "node:events";
import { Agent, request } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { testBalancers } from "@elastic-gas/testing/local-cloud/elbv2/test-balancer";
import { expect, it, onTestFinished } from "vitest";

// Which requests go over connections that carried others before, and what becomes of them when the target ends those.

const { startBalancer, startTarget } = testBalancers(onTestFinished);

const LONG = 75; // seconds, longer than the balancer's 60
const SHORT = 5;

function startClient(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  /** "<status> <body>", or "cut" when the connection ended first. */
  return (method: string, path = "/", body = method === "POST" ? "x" : "") =>
    new Promise<string>((resolve) => {
      const req = request(`${url}${path}`, { agent, method, headers: { "Content-Length": body.length } }, (res) => {
        text(res).then(
          (answer) => resolve(res.statusCode === 200 ? `200 ${answer}` : String(res.statusCode)),
          () => resolve("cut"),
        );
      });
      req.on("error", () => resolve("cut"));
      req.end(body);
    });
}

/** What a target does with a request that is not its first one of the connection. */
type Act = (socket: Socket, path: string) => void;

const answer = (socket: Socket, body: string, seconds = LONG): void =>
  void socket.write(
    `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=${seconds}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );

/** A target that answers the first request of each connection and leaves what comes after it to `act`. */
async function startBareTarget(act: Act, seconds = LONG) {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let count = 0;
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (bytes) => {
      const [method = "", path = ""] = bytes.toString("latin1").split(" ");
      if (path === "/healthz") {
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      count += 1;
      seen.push(`${method} ${path} ${count}`);
      if (count === 1) answer(socket, "first", seconds);
      else act(socket, path);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen, sockets }; // a TCP server that listens has one
}

it.each([
  ["keeps connections longer than the balancer", LONG, 1],
  ["keeps them shorter", SHORT, 4],
  ["keeps them as long, to the second", 60, 4],
])("sends POSTs to a target that %s", async (_what, seconds, connections) => {
  const target = await startTarget("a", (req, res) => void req.resume().on("end", () => res.end("done")));
  target.server.keepAliveTimeout = seconds * 1000;
  const { url } = await startBalancer([target]);
  const opened = new Set<Socket>();
  target.server.on("request", ({ socket, method }) => method === "POST" && opened.add(socket));
  const ask = startClient(url);
  for (let index = 0; index < 4; index += 1) expect(await ask("POST")).toBe("200 done");
  expect(opened.size).toBe(connections);
});

it("sends POSTs over fresh connections to a target that does not say how long it keeps them", async () => {
  const target = await startBareTarget((socket) => answer(socket, "later"), 0);
  const ask = startClient((await startBalancer([target])).url);
  for (const path of ["/1", "/2", "/3"]) expect(await ask("POST", path)).toBe("200 first");
  expect(target.seen).toEqual(["POST /1 1", "POST /2 1", "POST /3 1"]);
});

it.each<[string, Act]>([
  ["closes the connection in place of an answer", (socket) => socket.end()],
  ["resets it", (socket) => socket.resetAndDestroy()],
])("answers 502 to a POST when the target %s, and never sends it again", async (_what, act) => {
  const target = await startBareTarget(act);
  const ask = startClient((await startBalancer([target])).url);
  expect(await ask("POST", "/1")).toBe("200 first");
  expect(await ask("POST", "/2")).toBe("502");
  expect(await ask("POST", "/3")).toBe("200 first");
  expect(target.seen).toEqual(["POST /1 1", "POST /2 2", "POST /3 1"]);
});

it("sends what may be repeated again when the target closes a used connection", async () => {
  const target = await startBareTarget((socket) => socket.end());
  const ask = startClient((await startBalancer([target])).url);
  expect(await ask("GET", "/1")).toBe("200 first");
  expect(await ask("GET", "/2")).toBe("200 first");
  expect(await ask("PUT", "/3", "x")).toBe("200 first");
  expect(target.seen).toEqual(["GET /1 1", "GET /2 2", "GET /2 1", "PUT /3 2", "PUT /3 1"]);
});

it.each(["GET", "POST"])("never repeats a %s of whose answer a byte came", async (method) => {
  const target = await startBareTarget((socket, path) => {
    if (path === "/head") socket.end("HTTP/1.1 200 OK\r\nContent-Le");
    else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  });
  const ask = startClient((await startBalancer([target])).url);
  expect(await ask(method, "/1")).toBe("200 first");
  expect(await ask(method, "/head")).toBe("502");
  expect(await ask(method, "/2")).toBe("200 first");
  expect(await ask(method, "/body")).toBe("cut");
  expect(target.seen.map((request) => request.replace(`${method} `, ""))).toEqual([
    "/1 1",
    "/head 2",
    "/2 1",
    "/body 2",
  ]);
});

it("takes no connection for a POST that the target closed with its answer", async () => {
  const target = await startBareTarget((socket) => {
    answer(socket, "second");
    socket.end();
  });
  const ask = startClient((await startBalancer([target])).url);
  const expected = ["200 first", "200 second"];
  for (let index = 0; index < 20; index += 1) expect(await ask("POST")).toBe(expected[index % 2]);
});

it("sends a POST once to a target that closes idle connections at the very moment", async () => {
  const target = await startBareTarget((socket, path) => {
    answer(socket, path);
    if (path.endsWith("7")) setTimeout(() => socket.destroy(), 1);
  });
  const ask = startClient((await startBalancer([target])).url);
  const outcomes: string[] = [];
  for (let index = 0; index < 300; index += 1) outcomes.push(await ask("POST", `/${index}`));
  // Read or not read before it was closed: the target has seen no request twice, and answered is what it answered.
  const paths = target.seen.map((request) => request.split(" ")[1]);
  expect(new Set(paths).size).toBe(paths.length);
  expect(outcomes.filter((outcome) => outcome !== "502" && !outcome.startsWith("200 "))).toEqual([]);
  expect(outcomes.filter((outcome) => outcome !== "502").length).toBeGreaterThan(200);
});
