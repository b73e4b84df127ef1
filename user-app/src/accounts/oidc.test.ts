import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { serve } from "@elastic-gas/shared/web/serve";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { type Browser, startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import express from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Provider extends AsyncDisposable {
  readonly issuer: string;
  /** Who signs in next, and what the provider gets wrong. */
  next: { claims: Record<string, unknown>; forge?: Record<string, unknown> };
}

/** A small OpenID provider: discovery, keys, and a token endpoint that checks PKCE and the client's secret. */
async function startProvider(): Promise<Provider> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const codes = new Map<string, { challenge: string; nonce: string }>();
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  const provider: Provider = { issuer: "", next: { claims: {} }, [Symbol.asyncDispose]: () => listening.close(0) };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  app.get("/.well-known/openid-configuration", (_req, res) => {
    res.json({
      issuer: provider.issuer,
      authorization_endpoint: `${provider.issuer}/authorize`,
      token_endpoint: `${provider.issuer}/token`,
      jwks_uri: `${provider.issuer}/keys`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    });
  });
  app.get("/keys", (_req, res) => {
    res.json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k", use: "sig", alg: "RS256" }] });
  });
  app.get("/authorize", (req, res) => {
    const code = randomUUID();
    codes.set(code, { challenge: String(req.query.code_challenge), nonce: String(req.query.nonce) });
    const back = new URL(String(req.query.redirect_uri));
    back.searchParams.set("code", code);
    back.searchParams.set("state", String(req.query.state));
    res.redirect(303, back.href);
  });
  app.post("/token", (req, res) => {
    const body: Record<string, string> = req.body;
    const known = codes.get(body.code ?? "");
    codes.delete(body.code ?? "");
    const challenge = createHash("sha256")
      .update(body.code_verifier ?? "")
      .digest("base64url");
    if (known === undefined || challenge !== known.challenge) {
      res.status(400).json({ error: "invalid_grant" });
      return;
    }
    const now = Math.floor(Date.now() / 1_000);
    const payload = {
      iss: provider.issuer,
      aud: "gas",
      iat: now,
      exp: now + 300,
      nonce: known.nonce,
      ...provider.next.claims,
      ...provider.next.forge,
    };
    const text = `${encode({ alg: "RS256", kid: "k" })}.${encode(payload)}`;
    const signature = sign("sha256", Buffer.from(text), privateKey).toString("base64url");
    res.json({ access_token: "a", token_type: "Bearer", id_token: `${text}.${signature}` });
  });
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  return Object.assign(provider, { issuer: `http://127.0.0.1:${listening.port}` });
}

let app: TestApp;
let provider: Provider;
beforeAll(async () => {
  provider = await startProvider();
  app = await startTestApp(await startTestCloud(), {
    OIDC_ISSUER: provider.issuer,
    OIDC_CLIENT_ID: "gas",
    OIDC_CLIENT_SECRET: "secret",
  });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

/** Signs in at the provider; the answer of our callback. */
async function signInThere(browser: Browser, next = "/profile") {
  const asked = await browser.get(`/login/oidc?next=${encodeURIComponent(next)}`);
  const answer = await fetch(asked.location ?? "", { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "");
  return browser.get(back.pathname + back.search);
}

describe("signing in through OpenID Connect", () => {
  it("asks the provider with client, redirect, state, nonce and PKCE", async () => {
    const browser = app.browser();
    expect((await browser.get("/login")).text).toContain("/login/oidc");
    const url = new URL((await browser.get("/login/oidc")).location ?? "");
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: "gas",
      redirect_uri: "http://127.0.0.1:8080/login/oidc/callback",
      response_type: "code",
      code_challenge_method: "S256",
      state: expect.any(String),
      nonce: expect.any(String),
    });
  });

  it("makes a Free account at the first time, finds it again, and lands on the page asked for", async () => {
    provider.next = { claims: { sub: "s1", preferred_username: "ada", name: "Ada L", email: "ada@example.org" } };
    const browser = app.browser();
    expect((await signInThere(browser)).location).toBe("/profile");
    const page = await browser.get("/profile");
    expect(page.text).toContain('value="Ada L"');
    expect(page.text).not.toContain('action="/profile/password"');
    await signInThere(app.browser());
    const users = await app.db.selectFrom("users").selectAll().where("oidcSubject", "=", "s1").execute();
    expect(users).toMatchObject([{ username: "ada", role: "free_user", isAdmin: false, email: "ada@example.org" }]);
  });

  it("never takes over an account of the same name", async () => {
    const id = await app.makeUser("bob", { isAdmin: true, email: "bob@example.org" });
    provider.next = { claims: { sub: "s2", preferred_username: "bob", email: "bob@example.org" } };
    await signInThere(app.browser());
    const user = await app.db.selectFrom("users").selectAll().where("oidcSubject", "=", "s2").executeTakeFirstOrThrow();
    expect(user).toMatchObject({ username: "bob-2", isAdmin: false });
    expect(user.id).not.toBe(id);
  });

  it.each([
    ["another audience", { aud: "other" }],
    ["another issuer", { iss: "https://evil.example" }],
    ["another nonce", { nonce: "other" }],
    ["an expired token", { exp: 1 }],
  ])("refuses %s", async (_, forge) => {
    provider.next = { claims: { sub: "s3" }, forge };
    const browser = app.browser();
    expect((await signInThere(browser)).status).toBe(400);
    expect((await browser.get("/profile")).status).toBe(303);
  });

  it("refuses an answer that this browser did not ask for", async () => {
    provider.next = { claims: { sub: "s4" } };
    const asked = await app.browser().get("/login/oidc");
    const answer = await fetch(asked.location ?? "", { redirect: "manual" });
    const back = new URL(answer.headers.get("location") ?? "");
    const victim = app.browser();
    expect((await victim.get(back.pathname + back.search)).location).toBe("/");
    await victim.get("/login/oidc");
    expect((await victim.get(back.pathname + back.search)).status).toBe(400);
    expect((await victim.get("/profile")).status).toBe(303);
  });

  it("makes no account that looks like another's", async () => {
    await app.makeUser("carla");
    for (const [sub, name] of [
      ["s5", "CARLA"],
      ["s6", "carla"],
      ["s7", "car1a"],
      ["s8", "саrla"],
    ]) {
      provider.next = { claims: { sub, preferred_username: name } };
      await signInThere(app.browser());
    }
    const rows = await app.db
      .selectFrom("users")
      .select(["oidcSubject", "username"])
      .where("oidcSubject", "in", ["s5", "s6", "s7", "s8"])
      .orderBy("oidcSubject")
      .execute();
    expect(rows.map(({ username }) => username)).toEqual(["carla-2", "carla-3", "car1a-4", "s8"]);
  });

  it("leaves sign-ins and refusals in the audit log", async () => {
    provider.next = { claims: { sub: "audited", preferred_username: "audited" } };
    await signInThere(app.browser());
    provider.next = { claims: { sub: "audited" }, forge: { nonce: "other" } };
    await signInThere(app.browser());
    const rows = await app.db
      .selectFrom("auditLog")
      .select(["actor", "action", "detail"])
      .where("detail", "like", "OpenID Connect%")
      .execute();
    expect(rows).toContainEqual({ actor: "audited", action: "session.start", detail: "OpenID Connect" });
    expect(rows.filter(({ action }) => action === "session.refused")).not.toEqual([]);
  });

  it("says so when the reader refuses", async () => {
    const browser = app.browser();
    await browser.get("/login/oidc");
    expect((await browser.get("/login/oidc/callback?error=access_denied")).location).toBe("/");
    expect((await browser.get("/")).text).toContain("You are not signed in.");
  });
});
