import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import {
  makePools,
  PLAIN_USER,
  startTestManager,
  TestBrowser,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let staged: StagedCloud;
let balancer: Server;
let manager: TestManager;
let browser: TestBrowser;
const bodies: string[] = [];

/** Stands where the load balancer is, and answers one photo well, the next with a refusal, and so on. */
beforeAll(async () => {
  balancer = createServer((request, response) => {
    let body = "";
    request.setEncoding("latin1").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      bodies.push(`${request.url} ${body}`);
      if (bodies.length % 2 === 0) response.writeHead(503, { "retry-after": "2" }).end('{"success":false}');
      else response.end('{"success":true,"payload":{"num_faces":1,"num_masked":1,"num_unmasked":0}}');
    });
  });
  await new Promise<void>((resolve) => balancer.listen(0, "127.0.0.1", resolve));
  staged = await startStagedCloud();
  const { port } = balancer.address() as AddressInfo;
  manager = await startTestManager({ cloud: staged.cloud, environment: { LB_PORT: String(port) } });
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
  balancer.closeAllConnections();
  balancer.close();
});

const start = (fields: Readonly<Record<string, string>>) => browser.post("/load-test/start", fields, "/load-test");
const page = async (): Promise<string> => (await browser.get("/load-test")).text();
const audited = async (): Promise<readonly string[]> =>
  (
    await manager.db
      .selectFrom("auditLog")
      .select("action")
      .where("action", "like", "load-test%")
      .orderBy("id")
      .execute()
  ).map(({ action }) => action);

describe("what may be asked", () => {
  it.each([
    [{ rate: "21", minutes: "5", shape: "step" }, "The rate is at most 20 a second."],
    [{ rate: "0", minutes: "5", shape: "step" }, "The rate is at least 0.1 a second."],
    [{ rate: "fast", minutes: "5", shape: "step" }, "The rate is a number of photos a second."],
    [{ rate: "2", minutes: "31", shape: "step" }, "The duration is at most 30 minutes."],
    [{ rate: "2", minutes: "5", shape: "spiral" }, "The shape is none that there is."],
  ])("is bounded: %o", async (fields, sentence) => {
    const response = await start(fields);
    expect(response.status).toBe(400);
    const html = await response.text();
    expect(html).toContain(sentence);
    expect(html).toContain(`value="${fields.rate}"`);
    expect(await audited()).toEqual([]);
  });

  it("is a POST of an administrator with the token of the page", async () => {
    const choice = { rate: "1", minutes: "1", shape: "constant" };
    expect((await browser.get("/load-test/start?rate=1&minutes=1&shape=constant")).status).toBe(405);
    const headers = { cookie: browser.cookie };
    const body = new URLSearchParams(choice);
    expect((await fetch(`${manager.url}/load-test/start`, { method: "POST", headers, body })).status).toBe(400);
    const plain = new TestBrowser(manager.url);
    await plain.signIn(PLAIN_USER);
    expect((await plain.get("/load-test")).status).not.toBe(200);
    expect(manager.manager.loadTest.snapshot()).toBeNull();
    expect(bodies).toEqual([]);
  });

  it("is nothing to end while none runs", async () => {
    await browser.post("/load-test/stop", {}, "/load-test");
    expect(await page()).toContain("No load test runs.");
  });
});

describe("a load test", () => {
  it("sends photos to the own balancer, as a user of its own, and shows what came of them on any later page", async () => {
    // A person of that name keeps the account.
    const hash = "$2b$10$abcdefghijklmnopqrstuv";
    await createUser(manager.db, { username: "load-test", passwordHash: hash, name: "Lou Test" });
    const response = await start({ rate: "20", minutes: "1", shape: "constant", url: "http://elsewhere.example/" });
    expect(response.status).toBe(303);
    await waitUntil("photos are answered", () => manager.manager.loadTest.snapshot()?.answers.length === 2);
    expect(bodies.every((body) => body.startsWith("/api/upload "))).toBe(true);
    expect(bodies[0]).toMatch(/name="username"\r\n\r\nload-test-[0-9a-f]{8}\r\n/);
    const kept = await manager.db
      .selectFrom("users")
      .select("passwordHash")
      .where("username", "=", "load-test")
      .execute();
    expect(kept).toEqual([{ passwordHash: hash }]);
    const html = await page();
    expect(html).toContain("Up to 20 photos a second for 1\u00a0min, constant, to http://127.0.0.1:");
    expect(html).toContain("started by anna");
    expect(html).toMatch(
      /Answers by status: .*200: \d+.*503 with a time to come back: \d+|Answers by status: .*503 with/,
    );
  });

  it("is the only one at a time", async () => {
    await start({ rate: "1", minutes: "1", shape: "sine" });
    expect(await page()).toContain("A load test runs already. End it first.");
    expect(manager.manager.loadTest.snapshot()?.shape).toBe("constant");
  });

  it("sends nothing more once somebody ends it, and stays to be looked at", async () => {
    await browser.post("/load-test/stop", {}, "/load-test");
    expect(manager.manager.loadTest.running).toBe(false);
    const counted = manager.manager.loadTest.snapshot()?.buckets;
    const html = await page();
    expect(html).toContain("Ended by anna at ");
    expect(html).not.toContain("End now");
    expect(manager.manager.loadTest.snapshot()?.buckets).toEqual(counted);
    expect(await audited()).toEqual(["load-test.start", "load-test.stop"]);
  });

  it("ends with the manager", async () => {
    await start({ rate: "5", minutes: "1", shape: "constant" });
    expect(manager.manager.loadTest.running).toBe(true);
    await manager.manager.loadTest.close();
    expect(manager.manager.loadTest.snapshot()?.end).toBe("Ended with the manager");
  });
});
