import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { type OidcProvider, startOidcProvider } from "@elastic-gas/testing/user-app/oidc-provider";
import { type Browser, startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let app: TestApp;
let provider: OidcProvider;
beforeAll(async () => {
  provider = await startOidcProvider();
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

  it("asks to try again later while the provider is away, refuses nobody for it, and lets in afterwards", async () => {
    const countRefusals = async () => {
      const refusals = app.db.selectFrom("auditLog").select("id").where("action", "=", "session.refused");
      return (await refusals.execute()).length;
    };
    const before = await countRefusals();
    provider.next = { claims: { sub: "patient", preferred_username: "patient" } };
    provider.isAway = true;
    const answer = await signInThere(app.browser());
    provider.isAway = false;
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.text).toContain("does not answer");
    expect(await countRefusals()).toBe(before);
    expect((await signInThere(app.browser())).status).toBe(303);
  });

  it("says so when the reader refuses", async () => {
    const browser = app.browser();
    await browser.get("/login/oidc");
    expect((await browser.get("/login/oidc/callback?error=access_denied")).location).toBe("/");
    expect((await browser.get("/")).text).toContain("You are not signed in.");
  });
});
