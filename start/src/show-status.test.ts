import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { readAddresses, recordAddresses } from "./addresses.ts";
import { processFile } from "./processes.ts";
import { showStatus } from "./show-status.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "show-status-"));
  const folder = dataDir;
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(dataDir, "run"));
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const SHOWN = { manager: "http://localhost:5100", "user-app": "http://localhost:8180" };
const NOBODY = "http://127.0.0.1:9"; // nothing listens on the discard port

it("shows parts, addresses, photos and what the manager says, with the key of this run", async () => {
  processFile(join(dataDir, "run/parts.json")).set("manager", process.pid);
  writeFileSync(join(dataDir, "run/manager-key"), "k3y");
  const userApp = await serve((_, response) => response.end('{"status":"ready"}'));
  const manager = await serve((request, response) => {
    const allowed = request.url === "/local/status" && request.headers.authorization === "Bearer k3y";
    response.writeHead(allowed ? 200 : 401).end("POOL  WORKER  STATE\nweb   i-0aaa  in service\nNo alerts.\n");
  });
  recordAddresses(dataDir, { manager, userApp, shown: SHOWN });
  const text = await showStatus(dataDir);
  expect(text).toMatch(new RegExp(`^ok manager {6}pid ${process.pid}$`, "m"));
  expect(text).toContain("  user-app     http://localhost:8180");
  expect(text).toContain("Photos: working;");
  expect(text).toContain("web   i-0aaa  in service\nNo alerts.");
});

it.each([
  ["no worker is in service", 503, "<h1>503 Service Temporarily Unavailable</h1>", "Photos: not yet, no web worker"],
  [
    "the model cannot be loaded",
    503,
    '{"status":"not ready","missing":"model"}',
    "Photos: not working, a worker answers",
  ],
  ["the balancer fails", 502, "Bad Gateway", "Photos: not working, a worker answers 502: Bad Gateway"],
])("says so when %s", async (_, status, body, sentence) => {
  const userApp = await serve((_request, response) => response.writeHead(status).end(body));
  recordAddresses(dataDir, { manager: NOBODY, userApp, shown: SHOWN });
  expect(await showStatus(dataDir)).toContain(sentence);
});

it("says what does not answer, and where its log is", async () => {
  recordAddresses(dataDir, { manager: NOBODY, userApp: NOBODY, shown: SHOWN });
  const text = await showStatus(dataDir);
  expect(text).toContain("Photos: the load balancer does not answer.");
  expect(text).toContain("Workers and alerts: the manager does not answer.");
  const manager = await serve((_request, response) => response.writeHead(401).end("no"));
  recordAddresses(dataDir, { manager, userApp: NOBODY, shown: SHOWN });
  expect(await showStatus(dataDir)).toContain(`the manager answers 401; its log is in ${join(dataDir, "logs")}.`);
});

it("shows the parts of a run that has not come to its addresses yet", async () => {
  processFile(join(dataDir, "run/parts.json")).set("mariadb", process.pid);
  expect(readAddresses(dataDir)).toBeUndefined();
  expect(await showStatus(dataDir)).toBe(`ok mariadb      pid ${process.pid}\n`);
});
