import {
  ADMIN,
  makePools,
  PLAIN_USER,
  startTestManager,
  TestBrowser,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

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

describe("accounts", () => {
  it("are made with a password that is shown once, and can sign in when they administrate", async () => {
    await browser.post("/users", { username: "maria", isAdmin: "on" }, "/users");
    const html = await (await browser.get("/users")).text();
    const password = /shown only now: (\w{20})/.exec(html)?.[1] ?? "";
    expect(await (await browser.get("/users")).text()).not.toContain(password);
    expect((await new TestBrowser(manager.url).signIn({ username: "maria", password })).status).toBe(303);
  });

  it("are refused beside the field when the name is taken or the address is none", async () => {
    const taken = await browser.post("/users", { username: PLAIN_USER.username }, "/users");
    expect([taken.status, await taken.text()]).toEqual([400, expect.stringContaining("This name is taken.")]);
    const wrong = await browser.post("/users", { username: "new", email: "nobody" }, "/users");
    expect(await wrong.text()).toContain("This is not an e-mail address.");
  });

  it("keep one administrator, and cannot be deleted while they are one", async () => {
    const other = await findUser("maria");
    await browser.post(`/users/${other?.id}/admin`, {}, "/users");
    const admin = await findUser(ADMIN.username);
    expect((await browser.post(`/users/${admin?.id}/admin`, {}, "/users")).status).toBe(409);
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

  it("leave a trace in the audit log, without any secret", async () => {
    const rows = await manager.db.selectFrom("auditLog").select(["actor", "action", "target", "detail"]).execute();
    expect(rows).toContainEqual({ actor: ADMIN.username, action: "user.create", target: "maria", detail: null });
    expect(JSON.stringify(rows)).not.toContain("horse");
    expect(await (await browser.get("/audit?filter=maria")).text()).toContain("user.create");
  });
});
