import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { readOwnFiles } from "./files.ts";
import { runJob } from "./job.ts";

const TOKEN = "gas_secret";
const FILE = { name: "a b.vcf", bytes: Buffer.from("##fileformat=VCFv4.2\n") };

type State = "PENDING" | "RUNNING" | "COMPLETED" | "FAILED";

interface Service {
  readonly url: URL;
  readonly submissions: readonly { readonly fileName: string | null; readonly body: string }[];
  readonly asked: () => number;
}

/**
 * A service that keeps the contract of user-app's API; each question gets the next state, the last one again and again.
 */
async function startService(
  states: readonly State[],
  instead?: (response: ServerResponse, url: URL) => boolean,
): Promise<Service> {
  const submissions: { fileName: string | null; body: string }[] = [];
  let asked = 0;
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    if (request.headers.authorization !== `Bearer ${TOKEN}`) {
      response.writeHead(401).end("{}");
    } else if (instead?.(response, url) === true) {
      // answered
    } else if (request.method === "POST" && url.pathname === "/api/v1/annotations") {
      submissions.push({ fileName: url.searchParams.get("filename"), body });
      response.writeHead(202).end(JSON.stringify({ id: "j1", status: "PENDING", statusUrl: "/api/v1/annotations/j1" }));
    } else if (request.method === "GET" && url.pathname === "/api/v1/annotations/j1") {
      const state = states[Math.min(asked, states.length - 1)];
      asked += 1;
      response.end(JSON.stringify({ id: "j1", status: state }));
    } else response.writeHead(404).end("{}");
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/api/v1/annotations`), submissions, asked: () => asked };
}

const timing = (timeoutMs = 60_000) => ({
  startedAt: performance.now(),
  timeoutMs,
  signal: new AbortController().signal,
});

describe("a job by the API", () => {
  it("is the raw file with its name, and is followed to its end", async () => {
    const service = await startService(["PENDING", "RUNNING", "COMPLETED"]);
    const outcome = await runJob(service.url, TOKEN, FILE, timing());
    expect(outcome).toMatchObject({ status: 202, succeeded: true, refused: false, text: "job completed" });
    expect(service.submissions).toEqual([{ fileName: "a b.vcf", body: FILE.bytes.toString() }]);
    expect(service.asked()).toBe(3);
  });

  it("has failed when the job has", async () => {
    const service = await startService(["RUNNING", "FAILED"]);
    expect(await runJob(service.url, TOKEN, FILE, timing())).toMatchObject({ succeeded: false, text: "job failed" });
  });

  it("goes on through a moment in which its state cannot be read", async () => {
    let failures = 2;
    const service = await startService(["COMPLETED"], (response, url) => {
      if (!url.pathname.endsWith("/j1") || failures === 0) return false;
      failures -= 1;
      response.writeHead(failures === 1 ? 503 : 200).end("<html>");
      return true;
    });
    expect(await runJob(service.url, TOKEN, FILE, timing())).toMatchObject({ succeeded: true });
    expect(failures).toBe(0);
  });

  it("has failed without an end in time", async () => {
    const service = await startService(["RUNNING"]);
    const outcome = await runJob(service.url, TOKEN, FILE, timing(600));
    expect(outcome).toMatchObject({ succeeded: false, text: "job not ended within 0.6\u00a0s" });
  });

  it.each([
    ["429 with a time to come back is a refusal", 429, { "retry-after": "5" }, true],
    ["503 with a time to come back is a refusal", 503, { "retry-after": "5" }, true],
    ["503 without one is a failure", 503, {}, false],
    ["400 is a failure", 400, {}, false],
  ])("%s", async (_, status, headers, refused) => {
    const service = await startService([], (response) => {
      response.writeHead(status, headers).end("no");
      return true;
    });
    expect(await runJob(service.url, TOKEN, FILE, timing())).toMatchObject({
      status,
      succeeded: false,
      refused,
      text: "no",
    });
  });

  it("sends its token nowhere but to the service itself", async () => {
    let elsewhere = 0;
    const other = createServer((_, response) => {
      elsewhere += 1;
      response.end('{"id":"j1","status":"COMPLETED"}');
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const statusUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}/j1`;
    const service = await startService([], (response) => {
      response.writeHead(202).end(JSON.stringify({ id: "j1", status: "PENDING", statusUrl }));
      return true;
    });
    expect(await runJob(service.url, TOKEN, FILE, timing())).toMatchObject({ succeeded: false });
    expect(elsewhere).toBe(0);
  });
});

it("sends the project's own VCF files, without the one that fails on purpose", async () => {
  expect((await readOwnFiles("jobs")).map(({ name }) => name)).toEqual(["grch38.vcf", "grch37.vcf", "ncbi36.vcf"]);
  expect((await readOwnFiles("photos")).length).toBeGreaterThan(4);
});
