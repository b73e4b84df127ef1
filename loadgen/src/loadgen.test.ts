import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const MAIN = join(import.meta.dirname, "main.ts");

interface Seen {
  readonly contentLength: string | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** A server that answers as user-app does, or as `answer` says; it keeps what came to /api/upload. */
async function startServer(answer?: (response: ServerResponse, index: number) => void) {
  const uploads: Seen[] = [];
  const sockets = new Set<number | undefined>();
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      if (request.url === "/api/register") {
        response.end('{"success":true}');
        return;
      }
      sockets.add(request.socket.remotePort);
      const { "content-length": contentLength, connection } = request.headers;
      uploads.push({ contentLength, connection, body });
      if (answer === undefined)
        response.end('{"success":true,"payload":{"num_faces":1,"num_masked":1,"num_unmasked":0}}');
      else answer(response, uploads.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/api/upload`, port, uploads, sockets };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("latin1")) text += chunk;
  return text;
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "gas-loadgen-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function loadgen(
  ...args: string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const env = { ...process.env, ELASTIC_GAS_TOKEN: undefined, GAS_TOKEN: undefined, INIT_CWD: undefined };
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], { env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (err += chunk));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
}

describe("the load generator", () => {
  it("takes the course's arguments and sends the file first, each upload on a connection of its own", async () => {
    const server = await startServer();
    const folder = folderWith({ "a.jpg": "AAAA", "b.png": "BBBB", "notes.txt": "no picture" });
    const { code, out } = await loadgen(server.url, "load", "pass", "50", folder, "6");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^6 uploads sent in [\d.]+\u00a0s: 6 succeeded, 0 refused \(503 with Retry-After\), 0 failed\.$/m,
    );
    expect(server.uploads).toHaveLength(6);
    expect(server.sockets.size).toBe(6);
    for (const { body, contentLength, connection } of server.uploads) {
      expect(connection).toBe("close");
      expect(Number(contentLength)).toBe(body.length);
      const parts = body.split(/\r\n/).filter((line) => /^Content-/.test(line));
      expect(parts).toEqual([
        expect.stringMatching(/^Content-Disposition: form-data; name="file"; filename="[ab]\.(jpg|png)"$/),
        "Content-Type: application/octet-stream",
        'Content-Disposition: form-data; name="username"',
        'Content-Disposition: form-data; name="password"',
      ]);
    }
    expect(server.uploads.filter(({ body }) => body.includes("AAAA"))).toHaveLength(3);
  });

  it("is an open loop: a server that answers nothing yet gets every upload", async () => {
    const waiting: ServerResponse[] = [];
    const server = await startServer((response) => {
      waiting.push(response);
      if (waiting.length < 5) return;
      for (const each of waiting) each.end('{"success":true,"payload":{}}');
    });
    const { code } = await loadgen(server.url, "load", "pass", "100", folderWith({ "a.jpg": "A" }), "5");
    expect(code).toBe(0);
  });

  it("tells refusals from failures, fails when anything failed, and writes a report without anything from elsewhere", async () => {
    const server = await startServer((response, index) => {
      if (index === 0) response.writeHead(503, { "retry-after": "5" }).end('{"success":false}');
      else if (index === 1) response.writeHead(500).end("<script>alert(1)</script>");
      else response.end('{"success":true,"payload":{}}');
    });
    const folder = folderWith({ "a.jpg": "A" });
    const report = join(folder, "report.html");
    const { code, out } = await loadgen(server.url, "load", "pass", "20", folder, "4", "--html", report);
    expect(code).toBe(1);
    expect(out).toContain("2 succeeded, 1 refused (503 with Retry-After), 1 failed.");
    const html = readFileSync(report, "utf8");
    expect(html).toContain("500 &lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).not.toMatch(/<script|src=|https?:\/\/(?!127\.0\.0\.1)/);
    expect(html.match(/<svg viewBox="0 0 900/g)).toHaveLength(2);
  });

  it.each([
    ["--trace", "empty.csv", "The trace holds no number above 0."],
    ["--trace", "nowhere.csv", "nowhere.csv cannot be read:"],
    ["--html", "no/folder/report.html", "report.html cannot be written:"],
  ])("ends before anything is sent when %s names %s", async (option, file, sentence) => {
    const server = await startServer();
    const folder = folderWith({ "a.jpg": "A", "empty.csv": "0\n" });
    const ended = await loadgen(server.url, "load", "pass", "20", folder, "2", option, join(folder, file));
    expect(ended).toMatchObject({ code: 1, err: expect.stringContaining(sentence) });
    expect(server.uploads).toHaveLength(0);
  });

  it("draws the pool's size when the manager tells it", async () => {
    const server = await startServer((response) => setTimeout(() => response.end('{"success":true,"payload":{}}'), 50));
    const manager = createServer((request, response) => {
      const allowed = request.headers.authorization === "Bearer secret" && request.url === "/api/v1/pools/web";
      response.writeHead(allowed ? 200 : 401).end('{"desired":3,"counts":{"inService":2}}');
    });
    await new Promise<void>((resolve) => manager.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void manager.close());
    const folder = folderWith({ "a.jpg": "A" });
    const report = join(folder, "report.html");
    const managerUrl = `http://127.0.0.1:${(manager.address() as AddressInfo).port}`;
    await loadgen(
      server.url,
      "load",
      "pass",
      "10",
      folder,
      "3",
      "--html",
      report,
      "--manager",
      managerUrl,
      "--manager-token",
      "secret",
    );
    expect(readFileSync(report, "utf8")).toContain("Workers of the web pool");
  });

  it.each([
    [["http://127.0.0.1:1/api/upload", "u", "p", "5"], "4 arguments were given, 5 or 6 are needed"],
    [["http://127.0.0.1:1/api/upload", "u", "p", "fast", "3"], "RATE must be a number a second."],
    [["http://127.0.0.1:1/api/upload", "u", "p", "201", "3"], "RATE is at most 200 a second."],
    [["http://127.0.0.1:1/api/upload", "u", "p", "1", "0"], "COUNT must be at least 1."],
    [["ftp://a/b", "u", "p", "1", "1"], "URL must be an address such as"],
    [
      ["--jobs", "http://127.0.0.1:1/api/v1/annotations", "1", "3"],
      "A token of user-app is needed: --token or ELASTIC_GAS_APP_TOKEN.",
    ],
    [
      ["--jobs", "http://127.0.0.1:1/x", "u", "p", "1", "3", "--token", "t"],
      "5 arguments were given, 3 or 4 are needed",
    ],
    [["http://127.0.0.1:1/api/upload", "u", "p", "1", "1", "--token", "t"], "--token goes with --jobs."],
    [
      ["http://127.0.0.1:1/api/upload", "u", "p", "1", "1", "--shape", "square"],
      "--shape is one of constant, step, ramp, sine, burst.",
    ],
  ])("refuses %j with a sentence and the usage", async (args, sentence) => {
    const { code, err } = await loadgen(...args);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
    expect(err).toContain("npm run loadgen -- UPLOAD_URL USER PASSWORD RATE [FOLDER] COUNT");
  });

  it("says what is wrong when nobody listens, or the folder has no picture", async () => {
    const closed = await loadgen("http://127.0.0.1:1/api/upload", "u", "p", "1", folderWith({ "a.jpg": "A" }), "1");
    expect([closed.code, closed.err]).toEqual([
      1,
      expect.stringMatching(/^127\.0\.0\.1:1 does not answer .*Is the system running\?/),
    ]);
    const empty = await loadgen("http://127.0.0.1:1/api/upload", "u", "p", "1", folderWith({ "a.txt": "A" }), "1");
    expect([empty.code, empty.err]).toEqual([
      1,
      expect.stringContaining("holds no picture (.jpg, .png, .gif, .webp)."),
    ]);
  });
});
