import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { ALL_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { findLinkOwner, finishPasswordLink, makePasswordLink } from "@elastic-gas/shared/accounts/password-links";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { invitationState } from "./invitations.ts";

const HOUR_MS = 3_600_000;
const Mails = z.array(z.object({ subject: z.string(), text: z.string(), html: z.string() }));

let cloud: TestCloud;
let manager: TestManager;
let browser: TestBrowser;
/** What SES answers instead of taking a mail. */
let fault: Error | undefined;
let late = 0;
const now = () => Date.now() + late;

beforeAll(async () => {
  cloud = await startTestCloud({
    async middleware({ operation }, next) {
      if (operation === "SendEmail" && fault !== undefined) throw fault;
      return next();
    },
  });
  manager = await startTestManager({
    cloud: { endpoint: cloud.endpoint, ...TEST_CREDENTIALS },
    environment: { PUBLIC_URL: "https://gas.example.org" },
    now,
  });
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
beforeEach(() => {
  fault = undefined;
  late = 0;
});
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  await cloud?.[Symbol.asyncDispose]();
});

const create = (username: string, fields: Readonly<Record<string, string>> = {}) =>
  browser.post("/users", { username, email: `${username}@example.org`, ...fields }, "/users");
const send = () => manager.manager.sendAccountMails();
const userOf = (username: string) =>
  manager.db.selectFrom("users").selectAll().where("username", "=", username).executeTakeFirstOrThrow();
const again = async (username: string) => browser.post(`/users/${(await userOf(username)).id}/invite`, {}, "/users");

async function mailsTo(username: string) {
  const to = encodeURIComponent(`${username}@example.org`);
  return Mails.parse(await (await fetch(`${cloud.endpoint}/_mail/messages.json?to=${to}`)).json());
}

/** The tokens mailed to a user, in no order. */
async function tokensOf(username: string): Promise<readonly string[]> {
  return (await mailsTo(username)).map(({ text }) => /\/reset\/([\w-]+)/.exec(text)?.[1] ?? "none");
}

const ownerOf = (token: string) => findLinkOwner(manager.db, ALL_ACCOUNTS, { token, now: new Date(now()) });
const accept = (token: string, passwordHash = "h") =>
  finishPasswordLink(manager.db, ALL_ACCOUNTS, { token, passwordHash, now: new Date(now()) });

describe("a user with an address", () => {
  it("is mailed a link, and no password is made or shown", async () => {
    expect((await create("ada")).status).toBe(303);
    const page = await (await browser.get("/users")).text();
    expect(page).toContain("A link to choose a password is on its way to ada@example.org; it works for 72\u00a0h.");
    expect(page).not.toContain("Password: ");
    expect((await userOf("ada")).passwordHash).toBeNull();
    expect(page).toMatch(/invited, not yet accepted<\/span> <span[^>]*>The e-mail is on its way\./);

    expect(await send()).toBe(1);
    expect(await send()).toBe(0);
    const [mail] = await mailsTo("ada");
    expect(mail?.subject).toBe("Elastic GAS: your account");
    expect(mail?.text).toContain("anna created an account for you. Your user name is ada.");
    expect(mail?.text).toMatch(/before \d+\s\w+\s\d{4}, [\d:]+ UTC\. The link works once\./);
    expect(mail?.text).toMatch(/https:\/\/gas\.example\.org\/reset\/[\w-]{43}\n/);
    expect(mail?.text).not.toContain("manager");
    expect(await (await browser.get("/users")).text()).toContain("The link works until ");

    const [token = ""] = await tokensOf("ada");
    const stored = await manager.db.selectFrom("passwordResets").selectAll().execute();
    expect(JSON.stringify([stored, await manager.db.selectFrom("userMails").selectAll().execute()])).not.toContain(
      token,
    );
    expect(await ownerOf(token)).toMatchObject({ username: "ada", isInvited: true });
  });

  it("accepts it once, also when it is opened twice at the same moment; then it is a user like any other", async () => {
    await create("bea");
    await send();
    const [token = ""] = await tokensOf("bea");
    const ends = await Promise.all([accept(token, "first"), accept(token, "second")]);
    expect(ends.filter((end) => end !== undefined)).toHaveLength(1);
    expect(await accept(token)).toBeUndefined();
    const { passwordHash, invitedAt } = await userOf("bea");
    expect([passwordHash, invitedAt]).toEqual([ends[0] === undefined ? "second" : "first", null]);
    const refused = await again("bea");
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining("has a password already")]);
  });

  it("has 72 h for it, and then sees that it ended", async () => {
    await create("cleo");
    await send();
    const [token = ""] = await tokensOf("cleo");
    late = 72 * HOUR_MS - 60_000;
    expect(await ownerOf(token)).toBeDefined();
    late = 72 * HOUR_MS + 60_000;
    expect(await accept(token)).toBeUndefined();
    expect(await (await browser.get("/users")).text()).toContain("Send another one.");
  });

  it("gets another link on request, which ends the one before", async () => {
    await create("dora");
    await send();
    const [first = ""] = await tokensOf("dora");
    expect((await again("dora")).status).toBe(303);
    expect(await ownerOf(first), "until the other one is out").toBeDefined();
    // Two clicks are one mail.
    await again("dora");
    expect(await send()).toBe(1);
    const second = (await tokensOf("dora")).find((token) => token !== first) ?? "";
    expect(await accept(first)).toBeUndefined();
    expect(await accept(second)).toMatchObject({ username: "dora" });
  });

  it("is sent nothing any more when a password was set before the mail went out", async () => {
    await create("emil");
    const { id: userId } = await userOf("emil");
    const reset = await makePasswordLink(manager.db, ALL_ACCOUNTS, { userId, expiresAt: new Date(now() + HOUR_MS) });
    expect(await accept(reset)).toMatchObject({ username: "emil", isInvited: true });
    expect(await send()).toBe(0);
    expect(await mailsTo("emil")).toEqual([]);
  });

  it("loses the link when an administrator sets a password instead", async () => {
    await create("flora");
    await send();
    const [token = ""] = await tokensOf("flora");
    await browser.post(`/users/${(await userOf("flora")).id}/password`, {}, "/users");
    expect(await accept(token)).toBeUndefined();
    expect((await userOf("flora")).invitedAt).toBeNull();
  });

  it("sets the password in the manager when it may sign in there, for no web worker may set it", async () => {
    await create("gus", { role: "viewer" });
    await send();
    const text = (await mailsTo("gus"))[0]?.text ?? "";
    expect(text).toContain("The link opens the manager. The same password signs you in to https://gas.example.org/");
    const path = /http:\/\/localhost:5000(\/reset\/[\w-]{43})\n/.exec(text)?.[1] ?? "none";
    const guest = new TestBrowser(manager.url);
    expect(await (await guest.get(path)).text()).toContain("Your user name is <strong>gus</strong>");
    const short = await guest.post(path, { password: "short" }, path);
    expect([short.status, await short.text()]).toEqual([400, expect.stringContaining("aria-invalid")]);
    const set = await guest.post(path, { password: "a horse of gus" }, path);
    expect([set.status, set.headers.get("location")]).toEqual([303, "/login"]);
    expect((await guest.get(path)).status).toBe(410);
    await guest.signIn({ username: "gus", password: "a horse of gus" });
    expect((await guest.get("/")).status).toBe(200);
  });

  it("may have a password that the administrator chose; then nothing is mailed", async () => {
    await create("hanna", { password: "chosen by anna" });
    expect(await send()).toBe(0);
    expect((await userOf("hanna")).invitedAt).toBeNull();
  });
});

describe("a mail service", () => {
  it("that is away delays the mail, and an earlier link goes on working meanwhile", async () => {
    await create("ida");
    await send();
    const [token = ""] = await tokensOf("ida");
    await again("ida");
    fault = new Fault("ServiceUnavailable", "away", 503);
    await expect(send()).rejects.toThrow();
    expect(await ownerOf(token)).toBeDefined();
    expect(
      await manager.db
        .selectFrom("passwordResets")
        .select("tokenHash")
        .where("usedAt", "is", null)
        .where("userId", "=", (await userOf("ida")).id)
        .execute(),
    ).toHaveLength(1);
    fault = undefined;
    expect(await send()).toBe(1);
    expect(await mailsTo("ida")).toHaveLength(2);
  });

  it("that refuses the address leaves no open link, and the page says so", async () => {
    await create("jo");
    fault = new Fault("MessageRejected", "This address may not be used.");
    expect(await send()).toBe(0);
    expect(await (await browser.get("/users?filter=jo")).text()).toContain("The e-mail could not be delivered.");
    const told = await manager.db.selectFrom("auditLog").select("actor").where("action", "=", "mail.refused").execute();
    expect(told).toEqual([{ actor: "manager" }]);
    fault = undefined;
    await again("jo");
    expect(await send()).toBe(1);
  });
});

it("a user without an address gets a password, shown once with all there is to pass on", async () => {
  await browser.post("/users", { username: "kim", email: "" }, "/users");
  const page = await (await browser.get("/users")).text();
  const lines = /data-copy="([^"]+)"/.exec(page)?.[1]?.split("\n") ?? [];
  expect(lines).toEqual([
    "Sign in: https://gas.example.org/login",
    "User name: kim",
    expect.stringMatching(/^Password: \w{20}$/),
  ]);
  expect(await (await browser.get("/users")).text()).not.toContain(lines[2]);
});

it("the audit log has who invited whom, and no link", async () => {
  await create("lea");
  await again("lea");
  const rows = await manager.db
    .selectFrom("auditLog")
    .select(["actor", "action", "detail"])
    .where("target", "=", "lea")
    .orderBy("id")
    .execute();
  expect(rows).toEqual([
    { actor: "anna", action: "user.create", detail: "invited by mail to lea@example.org" },
    { actor: "anna", action: "user.invite", detail: null },
  ]);
});

it.each([
  [{ isMailWaiting: true, linkUntil: 2 }, { kind: "mail is on its way" }],
  [{ isMailWaiting: false, linkUntil: null }, { kind: "not delivered" }],
  [
    { isMailWaiting: false, linkUntil: 2 },
    { kind: "open", until: 2 },
  ],
  [
    { isMailWaiting: false, linkUntil: 1 },
    { kind: "expired", at: 1 },
  ],
])("%j at 1 is %j", (facts, expected) => {
  expect(invitationState({ ...facts, now: 1 })).toEqual(expected);
});
