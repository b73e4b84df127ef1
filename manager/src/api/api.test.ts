import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makePools, startTestManager, TestBrowser, type TestManager } from "../build-test-manager.ts";
import { OPERATIONS, openApiDocument } from "./openapi.ts";

let manager: TestManager;
let browser: TestBrowser;
let readToken: string;
let operateToken: string;

beforeAll(async () => {
  manager = await startTestManager();
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
  readToken = await createToken("read");
  operateToken = await createToken("operate");
});
afterAll(() => manager[Symbol.asyncDispose]());

async function createToken(scope: string): Promise<string> {
  await browser.post("/tokens", { name: `test ${scope}`, scope }, "/tokens");
  const html = await (await browser.get("/tokens")).text();
  return /egm_[\w-]{43}/.exec(html)?.[0] ?? "none";
}

const call = (method: string, path: string, token: string, body?: object) =>
  fetch(`${manager.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });

describe("the JSON API", () => {
  it("answers 401 in JSON without a session or token, and with a wrong token", async () => {
    const anonymous = await fetch(`${manager.url}/api/v1/pools`);
    expect([anonymous.status, (await anonymous.json()).success]).toEqual([401, false]);
    expect((await call("GET", "/pools", "egm_wrong")).status).toBe(401);
  });

  it("shows a token once and stores only its hash", async () => {
    expect(await (await browser.get("/tokens")).text()).not.toContain(readToken);
    const rows = await manager.db.selectFrom("apiTokens").select("tokenHash").execute();
    expect(rows.every((row) => /^[0-9a-f]{64}$/.test(row.tokenHash))).toBe(true);
  });

  it("reads with either scope, and changes only with operate", async () => {
    expect((await call("GET", "/pools", readToken)).status).toBe(200);
    expect((await call("POST", "/pools/web/grow", readToken)).status).toBe(403);
    const grown = await call("POST", "/pools/web/grow", operateToken, { why: "lab session" });
    expect([grown.status, (await grown.json()).sentence]).toEqual([
      200,
      expect.stringContaining("web: desired 1 → 2."),
    ]);
  });

  it("keeps why somebody asked", async () => {
    const [activity] = await (await call("GET", "/activities?pool=web", readToken)).json();
    expect(activity.reason).toBe("anna grew web 1 → 2: “lab session”.");
  });

  it("refuses what is not possible with 409 and a reason", async () => {
    const response = await call("POST", "/pools/annotator/shrink", operateToken);
    expect(response.status).toBe(409);
    expect((await response.json()).error.message).toBe("annotator does not shrink: at the minimum of 2.");
  });

  it("saves a policy against the version that was read, and refuses one out of range", async () => {
    const { version, policy, limits } = await (await call("GET", "/pools/web/policy", readToken)).json();
    const change = { version, limits, policy: { ...policy, growThresholdPercent: 65 } };
    const saved = await call("PUT", "/pools/web/policy", operateToken, change);
    expect(await saved.json()).toMatchObject({ version: version + 1, policy: { growThresholdPercent: 65 } });
    expect((await call("PUT", "/pools/web/policy", operateToken, change)).status).toBe(409);
    const bad = { ...change, version: version + 1, policy: { ...policy, growThresholdPercent: 0 } };
    expect((await call("PUT", "/pools/web/policy", operateToken, bad)).status).toBe(400);
  });

  it("refuses a revoked token at once", async () => {
    const token = await createToken("read");
    const { id } = await manager.db
      .selectFrom("apiTokens")
      .select("id")
      .orderBy("id", "desc")
      .executeTakeFirstOrThrow();
    await browser.post(`/tokens/${id}/revoke`, {}, "/tokens");
    expect((await call("GET", "/pools", token)).status).toBe(401);
  });

  it("has a route for every operation of its document, and answers as the document says", async () => {
    for (const { method, path, answer } of OPERATIONS) {
      const address = path.replace("{pool}", "web").replace("{id}", "i-0123");
      const response = await call(method.toUpperCase(), address, operateToken, method === "put" ? {} : undefined);
      const body = await response.json();
      // An unknown route would answer with the sentence of unknown pages.
      expect(JSON.stringify(body), path).not.toContain("This page does not exist.");
      if (method === "get" && response.ok) expect(answer.safeParse(body).error, path).toBeUndefined();
    }
    const { paths } = openApiDocument("1.0.0") as { paths: object };
    expect(Object.keys(paths)).toContain("/pools/{pool}/charts");
  });
});
