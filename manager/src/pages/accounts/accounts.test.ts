import { randomUUID } from "node:crypto";
import { serve } from "@elastic-gas/shared/web/serve";
import {
  ADMIN,
  makePools,
  PLAIN_USER,
  startTestManager,
  TestBrowser,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import express from "express";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

/** As little of a job as the table takes. */
const jobRow = (userId: number) => ({
  id: randomUUID(),
  userId,
  inputName: "a.vcf",
  inputKey: "a",
  inputEtag: "e",
  inputSize: 1,
});

let manager: TestManager;
let browser: TestBrowser;

beforeAll(async () => {
  manager = await startTestManager();
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(() => manager[Symbol.asyncDispose]());

const findUser = (username: string) =>
  manager.db.selectFrom("users").selectAll().where("username", "=", username).executeTakeFirst();

describe("the second step at sign-in", () => {
  it("is set up by a first code, asked for from then on, and taken away with the password", async () => {
    await using own = await startTestManager();
    await makePools(own.db);
    const admin = new TestBrowser(own.url);
    await admin.signIn();
    const account = await (await admin.get("/account")).text();
    expect(account).toContain("It is off.");
    // It is none of the pages at the side.
    expect(account).not.toContain('aria-current="page"');
    const page = await (await admin.post("/account/second-factor", { password: ADMIN.password }, "/account")).text();
    expect(page).toContain('<svg class="qr-code"');
    const secret = (/<code class="second-factor-key">([^<]+)</.exec(page)?.[1] ?? "").replaceAll(" ", "");
    const totp = new TOTP({ secret });
    const wrong = await admin.post("/account/second-factor/confirm", { code: "000000" }, "/account");
    expect(wrong.status).toBe(400);
    expect((await new TestBrowser(own.url).signIn()).headers.get("location")).toBe("/");

    const shown = await admin.post("/account/second-factor/confirm", { code: totp.generate() }, "/account");
    const codes = [...(await shown.text()).matchAll(/<code>([0-9a-f-]{31})<\/code>/g)].map(([, code = ""]) => code);
    expect(codes).toHaveLength(10);

    const browser = new TestBrowser(own.url);
    expect((await browser.signIn()).headers.get("location")).toBe("/login/code");
    expect((await browser.get("/")).status, "the password alone opens nothing").toBe(303);
    expect((await browser.post("/login/code", { code: "123456" }, "/login/code")).status).toBe(401);
    expect((await browser.post("/login/code", { code: codes[0] ?? "" }, "/login/code")).headers.get("location")).toBe(
      "/",
    );
    expect((await browser.get("/")).status).toBe(200);

    const guesser = new TestBrowser(own.url);
    await guesser.signIn();
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      statuses.push((await guesser.post("/login/code", { code: `00000${n}` }, "/login/code")).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await guesser.post("/login/code", { code: codes[1] ?? "" }, "/login/code")).status).toBe(429);

    expect((await browser.post("/account/second-factor/end", { password: "a guess" }, "/account")).status).toBe(400);
    await browser.post("/account/second-factor/end", { password: ADMIN.password }, "/account");
    expect((await new TestBrowser(own.url).signIn()).headers.get("location")).toBe("/");
    const log = await own.db.selectFrom("auditLog").select(["action", "detail"]).execute();
    expect(log.map(({ action }) => action)).toEqual(expect.arrayContaining(["second-factor.on", "second-factor.off"]));
    expect(JSON.stringify(log)).not.toContain(secret);
  });

  it("is set up with the password alone, in one browser, which stays signed in as the only one", async () => {
    await using own = await startTestManager();
    await makePools(own.db);
    const [owner, thief] = [new TestBrowser(own.url), new TestBrowser(own.url)];
    for (const browser of [owner, thief]) await browser.signIn();
    const begin = (browser: TestBrowser, password: string) =>
      browser.post("/account/second-factor", { password }, "/account");
    const confirm = (browser: TestBrowser, code: string) =>
      browser.post("/account/second-factor/confirm", { code }, "/account");
    const keyOf = (page: string) => /<code class="second-factor-key">([^<]+)</.exec(page)?.[1]?.replaceAll(" ", "");

    // Whoever has an open session alone must not lock its owner out, nor learn what the owner's app will know.
    for (const password of ["", "a guess"]) {
      const refused = await begin(thief, password);
      const page = await refused.text();
      expect([refused.status, keyOf(page)]).toEqual([400, undefined]);
      expect(page).toContain("This is not your password.");
    }
    const secret = keyOf(await (await begin(owner, ADMIN.password)).text()) ?? "";
    const code = new TOTP({ secret }).generate();
    const elsewhere = await confirm(thief, code);
    expect(elsewhere.headers.get("location")).toBe("/account");
    expect(await (await thief.get("/account")).text()).toContain("or was begun in another browser. Begin again.");

    const shown = await (await confirm(owner, code)).text();
    expect(shown).toContain("You are signed out everywhere else.");
    expect((await owner.get("/")).status).toBe(200);
    expect((await thief.get("/")).status).toBe(303);
  });

  it("is switched off by an administrator for whoever is none, and has no other way to", async () => {
    const user = await findUser(PLAIN_USER.username);
    const id = user?.id ?? 0;
    const row = { userId: id, secret: "S", confirmedAt: new Date(), lastStep: null };
    const isOn = async () =>
      (await manager.db.selectFrom("secondFactors").select("userId").where("userId", "=", id).execute()).length > 0;
    const action = `/users/${id}/second-step`;
    expect(await (await browser.get("/users")).text()).not.toContain(action);
    await manager.db.insertInto("secondFactors").values(row).execute();
    expect(await (await browser.get("/users")).text()).toContain(action);

    // An administrator's password and another administrator together must not open the account.
    await browser.post(`/users/${id}/admin`, { wanted: "yes" }, "/users");
    expect(await (await browser.get("/users")).text()).not.toContain(action);
    expect([(await browser.post(action, {}, "/users")).status, await isOn()]).toEqual([409, true]);

    await browser.post(`/users/${id}/admin`, { wanted: "no" }, "/users");
    expect([(await browser.post(action, {}, "/users")).status, await isOn()]).toEqual([303, false]);
    const log = manager.db.selectFrom("auditLog").select("target").where("action", "=", "user.second-step-off");
    expect(await log.execute()).toEqual([{ target: PLAIN_USER.username }]);
  });

  it("is not shown to a browser that has sent no password", async () => {
    expect((await new TestBrowser(manager.url).get("/login/code")).headers.get("location")).toBe("/login");
  });
});

describe("accounts", () => {
  it("are made with a password that is shown once, and can sign in when they administrate", async () => {
    await browser.post("/users", { username: "maria", role: "admin" }, "/users");
    const html = await (await browser.get("/users")).text();
    const password = /Password: (\w{20})/.exec(html)?.[1] ?? "";
    expect(await (await browser.get("/users")).text()).not.toContain(password);
    expect((await new TestBrowser(manager.url).signIn({ username: "maria", password })).status).toBe(303);
  });

  it("are refused beside the field when the name is taken or the address is none", async () => {
    const taken = await browser.post("/users", { username: PLAIN_USER.username }, "/users");
    expect([taken.status, await taken.text()]).toEqual([
      400,
      expect.stringContaining("This name, or one that looks like it, is taken."),
    ]);
    for (const username of [PLAIN_USER.username.toUpperCase(), PLAIN_USER.username.replace("m", "rn")])
      expect((await browser.post("/users", { username }, "/users")).status).toBe(400);
    const wrong = await browser.post("/users", { username: "new", email: "nobody" }, "/users");
    expect(await wrong.text()).toContain("This is not an e-mail address.");
  });

  it("keep one administrator, and cannot be deleted while they are one", async () => {
    const other = await findUser("maria");
    const admin = await findUser(ADMIN.username);
    const takeAway = (id: number | undefined) => browser.post(`/users/${id}/admin`, { wanted: "no" }, "/users");
    // Of two administrators who press the same button, the second must not undo what the first did.
    expect((await takeAway(other?.id)).status).toBe(303);
    expect((await takeAway(other?.id)).status).toBe(303);
    expect((await findUser("maria"))?.isAdmin).toBe(false);
    expect((await takeAway(admin?.id)).status).toBe(409);
    expect((await browser.post(`/users/${admin?.id}/admin`, {}, "/users")).status).toBe(400);
    expect((await browser.post(`/users/${admin?.id}/delete`, {}, "/users")).status).toBe(409);
    expect((await findUser(ADMIN.username))?.isAdmin).toBe(true);
  });

  it("end their old sessions when the password changes, and keep the one that changed it", async () => {
    const elsewhere = new TestBrowser(manager.url);
    await elsewhere.signIn();
    const changed = { current: ADMIN.password, password: "a longer horse", again: "a longer horse" };
    const refused = await browser.post("/account", { ...changed, current: "wrong" }, "/account");
    expect(await refused.text()).toContain("This is not your password.");
    expect((await browser.post("/account", changed, "/account")).status).toBe(303);
    expect((await browser.get("/")).status).toBe(200);
    expect((await elsewhere.get("/")).status).toBe(303);
  });

  it("are not given a password that they could not see, for their own session would end", async () => {
    const own = await findUser(ADMIN.username);
    const refused = await browser.post(`/users/${own?.id}/password`, {}, "/users");
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining("This is your own account.")]);
    const page = await browser.get("/users");
    expect(page.status).toBe(200);
    // Nor does the page offer it.
    expect(await page.text()).not.toContain(`/users/${own?.id}/password`);
  });

  it("lose their API tokens and sessions when an administrator sets a new password", async () => {
    const maria = await findUser("maria");
    const row = { userId: maria?.id ?? 0, name: "script", tokenHash: "a".repeat(64), scope: "read" } as const;
    await manager.db
      .insertInto("apiTokens")
      .values({ ...row, usedAt: null, revokedAt: null })
      .execute();
    expect((await browser.post(`/users/${maria?.id}/password`, {}, "/users")).status).toBe(303);
    const tokens = await manager.db
      .selectFrom("apiTokens")
      .select("revokedAt")
      .where("userId", "=", row.userId)
      .execute();
    expect(tokens).toEqual([{ revokedAt: expect.any(Date) }]);
  });

  it("get and lose Premium, with the messages that restore and archive", async () => {
    await browser.post("/users", { username: "given", password: "only for a plan" }, "/users");
    const { id = 0 } = (await findUser("given")) ?? {};
    const bodies = async (queue: "restore" | "archive") => {
      const rows = await manager.db.selectFrom("outbox").select("body").where("queue", "=", queue).execute();
      return rows.map(({ body }) => JSON.parse(body)).filter(({ userId }) => userId === id);
    };
    await browser.post(`/users/${id}/plan`, { role: "premium_user" }, "/users");
    expect((await findUser("given"))?.role).toBe("premium_user");
    expect(await bodies("restore")).toHaveLength(1);
    const page = await (await browser.get("/users?filter=given")).text();
    expect(page).toMatch(/Premium<div[^>]*>given, not paid/);
    expect(page).toContain("given is Premium now, without a payment.");
    const done = { status: "COMPLETED", archiveState: "kept", completedAt: new Date(0) } as const;
    await manager.db
      .insertInto("jobs")
      .values({ ...jobRow(id), ...done })
      .execute();
    await browser.post(`/users/${id}/plan`, { role: "free_user" }, "/users");
    expect((await findUser("given"))?.role).toBe("free_user");
    expect(await bodies("archive")).toHaveLength(1);
  });

  it("keep Premium when Stripe cannot be asked to stop charging, and lose it once it did", async () => {
    const asked: string[] = [];
    let status = 503;
    const stripe = await serve(
      express().use((req, res) => {
        asked.push(`${req.method} ${req.path}`);
        res.status(status).json({});
      }),
      { host: "127.0.0.1", port: 0 },
    );
    onTestFinished(() => stripe.close(0));
    const environment = { STRIPE_SECRET_KEY: "sk_test_x", STRIPE_API_URL: `http://127.0.0.1:${stripe.port}` };
    await using own = await startTestManager({ environment });
    await makePools(own.db);
    const admin = new TestBrowser(own.url);
    await admin.signIn();
    const user = await own.db
      .selectFrom("users")
      .select("id")
      .where("username", "=", PLAIN_USER.username)
      .executeTakeFirstOrThrow();
    await own.db.updateTable("users").set({ role: "premium_user" }).where("id", "=", user.id).execute();
    const row = { id: "sub_1", userId: user.id, status: "active", currentPeriodEnd: null, cancelAtPeriodEnd: false };
    await own.db.insertInto("subscriptions").values(row).execute();
    expect(await (await admin.get("/users")).text()).toContain("The subscription is cancelled at Stripe at once");
    const readRole = async () =>
      (await own.db.selectFrom("users").select("role").where("id", "=", user.id).executeTakeFirstOrThrow()).role;
    const refused = await admin.post(`/users/${user.id}/plan`, { role: "free_user" }, "/users");
    expect([refused.status, await readRole()]).toEqual([503, "premium_user"]);
    status = 200;
    await admin.post(`/users/${user.id}/plan`, { role: "free_user" }, "/users");
    expect([asked.at(-1), await readRole()]).toEqual(["DELETE /v1/subscriptions/sub_1", "free_user"]);
    expect(await own.db.selectFrom("subscriptions").select("status").execute()).toEqual([{ status: "canceled" }]);
  });

  it("answer 405 to a wrong method, also without a session or a token", async () => {
    for (const [method, path, allow] of [
      ["DELETE", "/users", "GET, POST"],
      ["GET", "/logout", "POST"],
      ["PUT", "/login", "GET, POST"],
    ] as const) {
      const answer = await fetch(`${manager.url}${path}`, { method });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
    }
  });

  it("leave a trace in the audit log, without any secret", async () => {
    const rows = await manager.db.selectFrom("auditLog").select(["actor", "action", "target", "detail"]).execute();
    expect(rows).toContainEqual({ actor: ADMIN.username, action: "user.create", target: "maria", detail: "admin" });
    expect(JSON.stringify(rows)).not.toContain("horse");
    expect(await (await browser.get("/audit?filter=maria")).text()).toContain("user.create");
  });
});
