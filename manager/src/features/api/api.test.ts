import { createHash } from "node:crypto";
import { createToken as newToken } from "@elastic-gas/shared/accounts/api-tokens";
import { createUser } from "@elastic-gas/shared/accounts/users";
import { formatUtc } from "@elastic-gas/shared/format/times";
import { insertRelease } from "@elastic-gas/shared/releases/releases";
import type { ApiOperation } from "@elastic-gas/shared/web/openapi";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { CURRENT_RELEASE, useRelease } from "@elastic-gas/testing/releases";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import type { Router } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { OPERATIONS } from "./operations.ts";

let staged: StagedCloud;
let manager: TestManager;
let browser: TestBrowser;
let readToken: string;
let operateToken: string;
let administerToken: string;

beforeAll(async () => {
  staged = await startStagedCloud();
  staged.stage.workers = [
    { id: "i-0aaa", pool: "web", health: "healthy", ageSeconds: 600 },
    { id: "i-0bbb", pool: "web", health: "healthy", ageSeconds: 500 },
    { id: "i-0ccc", pool: "web", health: "healthy", ageSeconds: 400 },
  ];
  staged.stage.metric = () => 40;
  manager = await startTestManager({ cloud: staged.cloud });
  await makePools(manager.db);
  await noteCheck();
  const letter = {
    queue: "archive",
    messageId: "m1",
    body: "nonsense",
    outcome: "The message was set aside.",
    reason: "The body is not a message of this queue: ✖ Invalid UUID\n  → at jobId",
    at: new Date(),
  } as const;
  await manager.db
    .insertInto("deadLetters")
    .values({ ...letter, resolvedAt: null })
    .execute();
  await useRelease(manager.db, CURRENT_RELEASE);
  const next = { ...CURRENT_RELEASE, sha256: "1".repeat(64) };
  await insertRelease(manager.db, next, { actor: "anna", now: new Date(Date.now() + 1_000) });
  browser = new TestBrowser(manager.url);
  await browser.signIn();
  readToken = await createToken("read");
  operateToken = await createToken("operate");
  administerToken = await createToken("administer");
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
});

/** A check as the autoscaler writes it. */
async function noteCheck(at = new Date()): Promise<void> {
  await manager.db
    .insertInto("decisions")
    .values({
      pool: "web",
      at,
      kind: "hold",
      desiredBefore: 1,
      desiredAfter: 1,
      inService: 1,
      pending: 0,
      warming: 0,
      draining: 0,
      measured: 48,
      policyVersion: 1,
      reason: "At the maximum of 1; the rule wants 2.",
      facts: JSON.stringify({ outcome: "at the limit", wanted: 9 }),
    })
    .execute();
}

async function createToken(scope: string): Promise<string> {
  await browser.post("/tokens", { name: `test ${scope}`, scope }, "/tokens");
  const html = await (await browser.get("/tokens")).text();
  return /egm_[\w-]{43}/.exec(html)?.[0] ?? "none";
}

const callAt = (url: string, method: string, path: string, token: string, body?: object) =>
  fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
const call = (method: string, path: string, token: string, body?: object) =>
  callAt(manager.url, method, path, token, body);
const refusal = async (response: Response) => [response.status, (await response.json()).error.message];

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

  it("grows, and keeps why somebody asked", async () => {
    const grown = await call("POST", "/pools/web/grow", operateToken, { why: "lab\n\u202e session" });
    expect([grown.status, (await grown.json()).sentence]).toEqual([
      200,
      expect.stringContaining("web: desired 1 → 2."),
    ]);
    const [activity] = await (await call("GET", "/activities?pool=web", readToken)).json();
    expect(activity.reason).toBe("anna grew web 1 → 2: “lab session”.");
  });

  it("grows by several workers and shrinks to a number, within the limits", async () => {
    const sentence = async (response: Response) => (await response.json()).sentence;
    expect(await sentence(await call("POST", "/pools/web/grow", operateToken, { by: 3 }))).toMatch(/desired 2 → 5\./);
    expect(await sentence(await call("POST", "/pools/web/shrink", operateToken, { to: 2 }))).toMatch(/desired 5 → 2\./);
    expect(await refusal(await call("POST", "/pools/web/grow", operateToken, { by: 7 }))).toEqual([
      409,
      "web does not grow: 9 is above the maximum of 8.",
    ]);
    expect(await refusal(await call("POST", "/pools/web/shrink", operateToken, { by: 2 }))).toEqual([
      409,
      "web does not shrink: 0 is below the minimum of 1.",
    ]);
    expect(await refusal(await call("POST", "/pools/web/grow", operateToken, { to: 2 }))).toEqual([
      409,
      "web does not grow: desired is 2 already.",
    ]);
    expect((await call("POST", "/pools/web/grow", operateToken, { by: 1, to: 2 })).status).toBe(400);
    expect((await call("POST", "/pools/web/grow", operateToken, { by: 0.5 })).status).toBe(400);
  });

  it("refuses names that it does not know, where they would silently mean something else", async () => {
    const desired = async () => (await (await call("GET", "/pools/web", readToken)).json()).desired;
    const before = await desired();
    expect(await refusal(await call("POST", "/pools/web/grow", operateToken, { count: 3 }))).toEqual([
      400,
      "The field “count” is not known here. Known: why, by, to.",
    ]);
    expect(await desired()).toBe(before);
    expect(await refusal(await call("POST", "/pools/web/pause", operateToken, { minutes: 5 }))).toEqual([
      400,
      "The field “minutes” is not known here. No field is taken here.",
    ]);
    expect(await refusal(await call("POST", "/dead-letters/send", operateToken, { ID: 5 }))).toEqual([
      400,
      "The field “ID” is not known here. Known: id, queue.",
    ]);
    expect(await refusal(await call("GET", "/decisions?Pool=web&since=2026-11-30", readToken))).toEqual([
      400,
      "The parameters “Pool”, “since” are not known here. Known: pool, from, to, limit.",
    ]);
  });

  it("lists the day before an end that is past, and refuses a span that ends before it begins", async () => {
    const at = new Date(Date.now() - 40 * 86_400_000);
    await noteCheck(at);
    const to = new Date(at.getTime() + 3_600_000).toISOString();
    const listed = await (await call("GET", `/decisions?to=${to}`, readToken)).json();
    expect(listed.map((decision: { at: string }) => decision.at)).toEqual([at.toISOString()]);
    const reversed = await refusal(await call("GET", `/decisions?from=${to}&to=${at.toISOString()}`, readToken));
    expect(reversed).toEqual([400, expect.stringContaining("“from” is later than “to”")]);
    await manager.db.deleteFrom("decisions").where("at", "=", at).execute();
  });

  it("refuses an idempotency key that it would not use", async () => {
    const send = (path: string, method: string, key: string, body: object) =>
      fetch(`${manager.url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${operateToken}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body: JSON.stringify(body),
      });
    expect(await refusal(await send("/pools/web/grow", "POST", "short", {}))).toEqual([
      400,
      "An Idempotency-Key has 8 to 100 characters; this one has 5.",
    ]);
    const { version, policy, limits } = await (await call("GET", "/pools/web/policy", readToken)).json();
    const saved = await send("/pools/web/policy", "PUT", "long enough", { version, policy, limits });
    expect(await refusal(saved)).toEqual([400, expect.stringContaining("not used here")]);
  });

  it("sends again what could not be handled, and says which message never can", async () => {
    const [letter] = await (await call("GET", "/dead-letters", readToken)).json();
    expect(letter).toMatchObject({
      queue: "archive",
      outcome: "The message was set aside.",
      reason: "The body is not a message of this queue: ✖ Invalid UUID → at jobId",
    });
    expect(await refusal(await call("POST", "/dead-letters/send", operateToken, { id: letter.id }))).toEqual([
      409,
      `Message ${letter.id} stays: Its body is not a message of queue archive.`,
    ]);
    const body = JSON.stringify({ version: 1, userId: 1 });
    const row = {
      queue: "restore",
      messageId: "m2",
      body,
      outcome: "Stripe was away.",
      at: new Date(),
      resolvedAt: null,
    } as const;
    await manager.db.insertInto("deadLetters").values(row).execute();
    const all = await (await call("POST", "/dead-letters/send", operateToken, {})).json();
    expect(all.sentence).toBe("1 message sent again. 1 message could never be handled and stayed.");
    expect(await manager.db.selectFrom("outbox").select("queue").execute()).toEqual([{ queue: "restore" }]);
  });

  it("refuses what is not possible with 409 and a reason", async () => {
    const response = await call("POST", "/pools/annotator/shrink", operateToken);
    expect(await refusal(response)).toEqual([409, "annotator does not shrink: at the minimum of 2."]);
  });

  it("saves a policy against the version that was read, and refuses one out of range", async () => {
    const { version, policy, limits } = await (await call("GET", "/pools/web/policy", readToken)).json();
    const change = { version, limits, policy: { ...policy, growThresholdPercent: 65 } };
    const saved = await call("PUT", "/pools/web/policy", operateToken, change);
    expect(await saved.json()).toMatchObject({ version: version + 1, policy: { growThresholdPercent: 65 } });
    expect((await call("PUT", "/pools/web/policy", operateToken, change)).status).toBe(409);
    const bad = { ...change, version: version + 1, policy: { ...policy, growThresholdPercent: 0 } };
    expect((await call("PUT", "/pools/web/policy", operateToken, bad)).status).toBe(400);
    const [latest, first] = await (await call("GET", "/pools/web/policy/versions", readToken)).json();
    expect([latest.version, latest.actor, latest.difference]).toEqual([2, "anna", "grow above 70 → 65\u00a0%"]);
    expect(first.difference).toBe("first values");
  });

  it("refuses a policy that the page could not save: a misspelt number, another pool's rule, no worker at all", async () => {
    const { version, policy, limits } = await (await call("GET", "/pools/web/policy", readToken)).json();
    const put = async (change: object) =>
      refusal(await call("PUT", "/pools/web/policy", operateToken, { version, policy, limits, ...change }));
    expect(await put({ limits: { ...limits, max: 1e9 } })).toEqual([400, "max: at most 10000."]);
    expect(await put({ limits: { ...limits, max: 2.5 } })).toEqual([400, "max: a whole number is expected."]);
    expect(await put({ limits: { ...limits, max: "2" } })).toEqual([400, "max: the type number is expected."]);
    expect(await put({ policy: { ...policy, growTreshold: 60 } })).toEqual([
      400,
      expect.stringMatching(/^The rule cpu has no growTreshold; it has kind, growThresholdPercent,/),
    ]);
    expect(await put({ policy: { kind: "queue" } })).toEqual([
      400,
      "web has no rule queue; it can have cpu, adaptive, requests, fixed.",
    ]);
    expect(await put({ limits: { min: 0, max: 8 } })).toEqual([400, "min: at least 1."]);
  });

  it("creates users, invites those with an address, and changes plans", async () => {
    const made = await call("POST", "/users", administerToken, { username: "by-script" });
    expect(await made.json()).toEqual({
      username: "by-script",
      invitedAddress: null,
      password: expect.stringMatching(/^\w{20}$/),
      signInUrl: "http://localhost:8080/login",
    });
    const address = { username: "mailed", email: "mailed@example.org", role: "viewer" };
    expect(await (await call("POST", "/users", administerToken, address)).json()).toMatchObject({
      invitedAddress: "mailed@example.org",
      password: null,
    });
    expect(await refusal(await call("POST", "/users", administerToken, address))).toEqual([
      409,
      "This name, or one that looks like it, is taken.",
    ]);
    expect((await call("POST", "/users", administerToken, { username: "x", isAdmin: true })).status).toBe(400);
    const again = await call("POST", "/users/mailed/invite", administerToken);
    expect((await again.json()).sentence).toBe(
      "Another link for mailed is on its way to mailed@example.org. Older ones end.",
    );
    expect(await refusal(await call("POST", "/users/by-script/invite", administerToken))).toEqual([
      409,
      "by-script was not invited, or has a password already.",
    ]);
    expect((await call("PUT", "/users/mailed/plan", administerToken, { plan: "premium" })).status).toBe(200);
    expect((await call("PUT", "/users/nobody/plan", administerToken, { plan: "free" })).status).toBe(404);
    const [user] = await (await call("GET", "/users?filter=mailed@", administerToken)).json();
    expect(user).toMatchObject({
      username: "mailed",
      plan: "premium",
      paying: false,
      access: "viewer",
      invitation: { state: "mail is on its way", linkEndsAt: null },
    });
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

  it("refuses a token whose time is over, and says so; it has 90 days unless another time was chosen", async () => {
    const token = await createToken("read");
    const page = (await (await browser.get("/tokens")).text()).replaceAll("\u00a0", " ");
    expect(page).toMatch(/<td><time[^>]*>\d+ \w+ \d{4}<\/time> \(in 90 days\)<\/td>/);
    const expiresAt = new Date(Date.now() - 1);
    await manager.db
      .updateTable("apiTokens")
      .set({ expiresAt })
      .where("tokenHash", "=", createHash("sha256").update(token).digest("hex"))
      .execute();
    expect(await refusal(await call("GET", "/pools", token))).toEqual([
      401,
      `This token expired at ${formatUtc(expiresAt)}. Make a new one on the page API tokens.`,
    ]);
    expect(await (await browser.get("/tokens")).text()).toContain(">expired</span>");
    await browser.post("/tokens", { name: "endless", scope: "read", lifetime: "none" }, "/tokens");
    const endless = /egm_[\w-]{43}/.exec(await (await browser.get("/tokens")).text())?.[0] ?? "none";
    expect((await call("GET", "/pools", endless)).status).toBe(200);
    const row = manager.db.selectFrom("apiTokens").select("expiresAt").where("name", "=", "endless");
    expect(await row.executeTakeFirst()).toEqual({ expiresAt: null });
  });

  it("takes a token from the Authorization header only, of an administrator, and no user's", async () => {
    const statusWith = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${manager.url}${path}`, { headers, redirect: "manual" })).status;
    for (const path of [`/api/v1/pools?token=${operateToken}`, `/api/v1/pools?access_token=${operateToken}`])
      expect(await statusWith(path)).toBe(401);
    expect(await statusWith("/api/v1/pools", { cookie: `token=${operateToken}` })).toBe(401);
    for (const scheme of ["bearer", "BEARER"])
      expect(await statusWith("/api/v1/pools", { authorization: `${scheme} ${operateToken}` })).toBe(200);
    expect(await statusWith("/API/V1/users", { authorization: `Bearer ${operateToken}` })).toBe(403);
    const { id: userId } = await manager.db
      .selectFrom("users")
      .select("id")
      .where("isAdmin", "=", true)
      .executeTakeFirstOrThrow();
    const users = await newToken(manager.db, { audience: "user", userId, name: "u", scope: "write", expiresAt: null });
    for (const path of ["/api/v1/pools", "/metrics"])
      expect(await statusWith(path, { authorization: `Bearer ${users}` })).toBe(401);
    // The pages take none, and no page lets a read token change anything by its session.
    for (const path of ["/", "/users", "/tokens"])
      expect(await statusWith(path, { authorization: `Bearer ${administerToken}` })).toBe(303);
    const beside = await fetch(`${manager.url}/api/v1/pools/web/grow`, {
      method: "POST",
      headers: { authorization: `Bearer ${readToken}`, cookie: browser.cookie },
    });
    expect(beside.status).toBe(403);
  });

  it("refuses the tokens of somebody who is no administrator any more, also for looking", async () => {
    const userId = (await createUser(manager.db, { username: "was-admin", passwordHash: "h", isAdmin: true })) ?? 0;
    const token = await newToken(manager.db, {
      audience: "manager",
      userId,
      name: "left",
      scope: "administer",
      expiresAt: null,
    });
    expect((await call("GET", "/pools", token)).status).toBe(200);
    await manager.db.updateTable("users").set({ isAdmin: false, isViewer: true }).where("id", "=", userId).execute();
    for (const [method, path] of [
      ["GET", "/pools"],
      ["POST", "/pools/web/grow"],
      ["GET", "/users"],
    ] as const)
      expect((await call(method, path, token)).status).toBe(401);
  });

  it("takes so many requests a minute from one token, then says how long to wait; other tokens go on", async () => {
    await using limited = await startTestManager({ environment: { API_REQUESTS_PER_MINUTE: "3" } });
    const visitor = new TestBrowser(limited.url);
    await visitor.signIn();
    const tokens: string[] = [];
    for (const name of ["one", "two"]) {
      await visitor.post("/tokens", { name, scope: "read" }, "/tokens");
      tokens.push(/egm_[\w-]{43}/.exec(await (await visitor.get("/tokens")).text())?.[0] ?? "none");
    }
    const [one = "", two = ""] = tokens;
    const statuses: number[] = [];
    for (let request = 0; request < 3; request += 1) {
      statuses.push((await callAt(limited.url, "GET", "/decisions", one)).status);
    }
    const refused = await callAt(limited.url, "GET", "/decisions", one);
    expect([...statuses, refused.status]).toEqual([200, 200, 200, 429]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await refused.json()).error.message).toMatch(/^Too many requests\. The next one is taken in \d+ s\.$/);
    expect((await callAt(limited.url, "GET", "/decisions", two)).status).toBe(200);
  });
});

describe("the OpenAPI document", () => {
  const Served = z.object({
    openapi: z.literal("3.1.0"),
    paths: z.record(
      z.string(),
      z.partialRecord(
        z.enum(["get", "post", "put"]),
        z
          .object({
            operationId: z.string(),
            parameters: z.array(z.object({ name: z.string(), in: z.enum(["path", "query"]) })),
            requestBody: z.looseObject({}).optional(),
            responses: z.object({
              "200": z.object({ content: z.object({ "application/json": z.object({ schema: z.looseObject({}) }) }) }),
            }),
          })
          .optional(),
      ),
    ),
  });
  const read = async () => Served.parse(await (await call("GET", "/openapi.json", readToken)).json());

  it("has every route of /api/v1, and no other", async () => {
    const routes = new Set<string>();
    for (const layer of apiRouter().stack) {
      for (const { method } of layer.route?.stack ?? []) {
        // Without a method it is the answer to wrong methods.
        if (method !== undefined) routes.add(`${method} ${layer.route?.path.replaceAll(/:(\w+)/g, "{$1}")}`);
      }
    }
    const { paths } = await read();
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect([...routes].sort()).toEqual(documented.sort());
    expect(documented.length).toBeGreaterThan(15);
  });

  it("names each path's parameters", async () => {
    const { paths } = await read();
    for (const [path, methods] of Object.entries(paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const operation of Object.values(methods)) {
        const given = operation?.parameters.filter((each) => each.in === "path").map(({ name }) => name);
        expect(given, path).toEqual(names);
      }
    }
  });

  it("describes what every operation answers, no more and no less", async () => {
    await waitUntil("the workers are known", async () => {
      const workers = await (await call("GET", "/workers", readToken)).json();
      return workers.length === 3;
    });
    await call("POST", "/pools/web/grow", operateToken, { to: 4 });
    const { paths } = await read();
    const { version, policy, limits } = await (await call("GET", "/pools/web/policy", readToken)).json();
    const bodies: Readonly<Record<string, object>> = {
      savePolicy: { version, policy, limits },
      createUser: { username: "invited", email: "invited@example.org" },
      setPlan: { plan: "premium" },
    };
    const workers: Readonly<Record<string, string>> = { replaceWorker: "i-0aaa", drainWorker: "i-0bbb" };
    for (const { method, path, id } of OPERATIONS) {
      const named = path.replace("{pool}", "web").replace("{username}", "invited");
      const address = named.replace("{id}", workers[id] ?? "i-0ccc");
      const response = await call(method.toUpperCase(), address, administerToken, bodies[id]);
      const body: unknown = await response.json();
      expect(response.status, `${id} ${JSON.stringify(body).slice(0, 300)}`).toBe(200);
      if (Array.isArray(body)) expect(body.length, id).toBeGreaterThan(0);
      const schema = paths[path]?.[method]?.responses["200"].content["application/json"].schema ?? {};
      const problem = z.fromJSONSchema(schema).safeParse(body).error;
      expect(problem === undefined ? "" : z.prettifyError(problem), id).toBe("");
    }
  });

  it("would notice an answer that it does not describe", async () => {
    const { paths } = await read();
    const schema = paths["/pools/{pool}"]?.get?.responses["200"].content["application/json"].schema ?? {};
    const pool = await (await call("GET", "/pools/web", readToken)).json();
    expect(z.fromJSONSchema(schema).safeParse({ ...pool, extra: 1 }).success).toBe(false);
  });

  it("lets a token that reads do what reads, an operating one both, and only an administering one see and manage users", async () => {
    const operations: readonly ApiOperation[] = OPERATIONS;
    for (const { method, path, id } of operations) {
      const isAboutUsers = path.startsWith("/users");
      const address = path.replace("{pool}", "utility").replace("{id}", "i-0eee").replace("{username}", "nobody");
      const isRefused = async (token: string) =>
        (await call(method.toUpperCase(), address, token, method === "put" ? {} : undefined)).status === 403;
      expect([id, await isRefused(readToken)]).toEqual([id, isAboutUsers || method !== "get"]);
      expect([id, await isRefused(operateToken)]).toEqual([id, isAboutUsers]);
      expect([id, await isRefused(administerToken)]).toEqual([id, false]);
    }
  });

  it("answers 405 with what is allowed to another method on a known path, and 404 elsewhere", async () => {
    const wrong = await call("POST", "/pools", operateToken);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET"]);
    expect((await call("GET", "/nothing", readToken)).status).toBe(404);
  });

  /** The router that the app mounts at /api/v1: the one that serves the document. */
  function apiRouter(): Router {
    const routers = manager.manager.app.router.stack.map(({ handle }) => handle as unknown as Partial<Router>);
    const found = routers.find(({ stack }) => stack?.some(({ route }) => route?.path === "/openapi.json"));
    if (found === undefined) throw new Error("The app serves no document.");
    return found as Router;
  }
});
