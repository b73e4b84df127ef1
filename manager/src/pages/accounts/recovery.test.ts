import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { ADMIN, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";

const Mails = z.array(z.object({ subject: z.string(), text: z.string() }));

let cloud: TestCloud;
let manager: TestManager;
beforeAll(async () => {
  cloud = await startTestCloud();
  manager = await startTestManager({ cloud: { endpoint: cloud.endpoint, ...TEST_CREDENTIALS } });
  await setAddress(ADMIN.username, "anna@example.org");
});
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  await cloud?.[Symbol.asyncDispose]();
});

const setAddress = (username: string, email: string) =>
  manager.db.updateTable("users").set({ email }).where("username", "=", username).execute();
const addressOf = async (username: string) =>
  (await manager.db.selectFrom("users").select("email").where("username", "=", username).executeTakeFirstOrThrow())
    .email;

async function mailsTo(address: string) {
  await manager.manager.settled();
  await manager.manager.sendAccountMails();
  const answer = await fetch(`${cloud.endpoint}/_mail/messages.json?to=${encodeURIComponent(address)}`);
  return Mails.parse(await answer.json());
}

/** The path that a mail's link opens. */
async function linkTo(address: string, kind: "reset" | "email"): Promise<string> {
  const [mail] = await mailsTo(address);
  return new RegExp(`http://localhost:5000(/${kind}/[\\w-]{43})`).exec(mail?.text ?? "")?.[1] ?? "none";
}

it("mails a link to who may use the manager, to nobody else, and says the same to all", async () => {
  await manager.db
    .insertInto("users")
    .values({ username: "plain", usernameSkeleton: "plain", passwordHash: "h", email: "plain@example.org" })
    .execute();
  const texts: string[] = [];
  for (const email of ["anna@example.org", "plain@example.org", "nobody@example.org"]) {
    const browser = new TestBrowser(manager.url);
    const page = await browser.post("/forgot", { email }, "/forgot");
    expect(page.status).toBe(200);
    texts.push(/<section class="eg-panel login-panel">.*?<\/section>/s.exec(await page.text())?.[0] ?? "");
  }
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]).toContain("If an account of the manager has this address");
  expect(await mailsTo("anna@example.org")).toHaveLength(1);
  expect(await mailsTo("plain@example.org")).toEqual([]);
  const browser = new TestBrowser(manager.url);
  expect((await browser.post("/forgot", { email: "no address" }, "/forgot")).status).toBe(400);
});

it("sets the password by the link, once, and ends the sessions", async () => {
  const signedIn = new TestBrowser(manager.url);
  await signedIn.signIn();
  const path = await linkTo("anna@example.org", "reset");
  const browser = new TestBrowser(manager.url);
  expect((await browser.get(path)).status).toBe(200);
  expect((await browser.post(path, { password: "password1" }, path)).status).toBe(400);
  expect((await browser.post(path, { password: "another horse" }, path)).headers.get("location")).toBe("/login");
  expect((await browser.get(path)).status).toBe(410);
  expect((await browser.post(path, { password: "a third horse" }, "/login")).status).toBe(410);
  expect((await signedIn.get("/account")).status).toBe(303);
  expect((await signedIn.signIn()).status).toBe(401);
  expect((await signedIn.signIn({ ...ADMIN, password: "another horse" })).status).toBe(303);
});

it("changes the address when its link is opened, after the password, and tells the old one", async () => {
  const browser = new TestBrowser(manager.url);
  await browser.signIn({ ...ADMIN, password: "another horse" });
  const ask = (email: string, emailPassword: string) =>
    browser.post("/account/email", { email, emailPassword }, "/account");
  const wrong = await ask("new@example.org", "a guess");
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining("This is not your password.")]);
  expect((await ask("new@example.org", "another horse")).status).toBe(303);
  expect(await addressOf(ADMIN.username)).toBe("anna@example.org");
  const path = await linkTo("new@example.org", "email");
  const guest = new TestBrowser(manager.url);
  expect(await (await guest.get(path)).text()).toContain("<strong>new@example.org</strong>");
  expect(await addressOf(ADMIN.username), "opening the link changes nothing").toBe("anna@example.org");
  expect((await guest.post(path, {}, path)).status).toBe(303);
  expect(await addressOf(ADMIN.username)).toBe("new@example.org");
  expect((await guest.get(path)).status).toBe(410);
  const told = (await mailsTo("anna@example.org")).map(({ subject }) => subject);
  expect(told).toContain("Elastic GAS: a new address was asked for");
  expect(told).toContain("Elastic GAS: your address was changed");
  expect((await ask("", "another horse")).status).toBe(303);
  expect(await addressOf(ADMIN.username)).toBeNull();
});

it("refuses the forms of another site", async () => {
  const browser = new TestBrowser(manager.url);
  for (const path of ["/forgot", `/reset/${"x".repeat(43)}`, `/email/${"x".repeat(43)}`]) {
    const answer = await fetch(manager.url + path, {
      method: "POST",
      body: new URLSearchParams({ email: "a@b.example" }),
    });
    expect([path, answer.status]).toEqual([path, 400]);
  }
  expect((await browser.get("/forgot")).status).toBe(200);
});

it("ends the links that user-app mailed when a user comes to use the manager", async () => {
  const browser = new TestBrowser(manager.url);
  await browser.signIn({ ...ADMIN, password: "another horse" });
  const { id: userId } = await manager.db
    .selectFrom("users")
    .select("id")
    .where("username", "=", "plain")
    .executeTakeFirstOrThrow();
  const link = { userId, usedAt: null, expiresAt: new Date(Date.now() + 3_600_000) };
  for (const [index, right] of ["viewer", "admin"].entries()) {
    const tokenHash = String(index).repeat(64);
    await manager.db
      .insertInto("passwordResets")
      .values({ ...link, tokenHash })
      .execute();
    expect((await browser.post(`/users/${userId}/${right}`, { wanted: "yes" }, "/users")).status).toBe(303);
    const { usedAt } = await manager.db
      .selectFrom("passwordResets")
      .select("usedAt")
      .where("tokenHash", "=", tokenHash)
      .executeTakeFirstOrThrow();
    expect(usedAt).toBeInstanceOf(Date);
  }
});
