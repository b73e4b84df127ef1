import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { ALL_ACCOUNTS, PLAIN_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import {
  askForEmailChange,
  findEmailChange,
  finishEmailChange,
  removeEmail,
} from "@elastic-gas/shared/accounts/email-changes";
import { askForPasswordReset, findLinkOwner } from "@elastic-gas/shared/accounts/password-links";
import { startTestCloud, TEST_CREDENTIALS, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestManager, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { tellOfEndingTokens } from "./ending-tokens.ts";

const MINUTE_MS = 60_000;
const Mails = z.array(z.object({ subject: z.string(), text: z.string() }));

let cloud: TestCloud;
let manager: TestManager;
/** What SES answers instead of taking a mail, or after it took one. */
let fault: Error | undefined;
let isTaken = false;
let late = 0;
const now = () => new Date(Date.now() + late);

beforeAll(async () => {
  cloud = await startTestCloud({
    async middleware({ operation }, next) {
      if (operation !== "SendEmail" || fault === undefined) return next();
      if (isTaken) await next();
      throw fault;
    },
  });
  manager = await startTestManager({
    cloud: { endpoint: cloud.endpoint, ...TEST_CREDENTIALS },
    environment: { PUBLIC_URL: "https://gas.example.org" },
    now: () => now().getTime(),
  });
});
beforeEach(() => {
  fault = undefined;
  isTaken = false;
  late = 0;
});
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  await cloud?.[Symbol.asyncDispose]();
});

async function makeUser(username: string, changes: { isAdmin?: boolean } = {}) {
  const email = `${username}@example.org`;
  await manager.db
    .insertInto("users")
    .values({ username, usernameSkeleton: username, passwordHash: "h", email, ...changes })
    .execute();
  const { id } = await manager.db
    .selectFrom("users")
    .select("id")
    .where("username", "=", username)
    .executeTakeFirstOrThrow();
  return { id, email };
}

const send = () => manager.manager.sendAccountMails();
const forget = (email: string) =>
  askForPasswordReset(manager.db, PLAIN_ACCOUNTS, { email, mayUseManager: false, now: now() });
const move = (user: { id: number; email: string }, email: string) =>
  askForEmailChange(manager.db, PLAIN_ACCOUNTS, { user, email, now: now() });

async function mailsTo(address: string) {
  const answer = await fetch(`${cloud.endpoint}/_mail/messages.json?to=${encodeURIComponent(address)}`);
  return Mails.parse(await answer.json());
}
/** The token of the newest mail there. */
async function tokenTo(address: string): Promise<string> {
  const [mail] = await mailsTo(address);
  return /\/(?:reset|email)\/([\w-]{43})/.exec(mail?.text ?? "")?.[1] ?? "none";
}
const ownerOf = (token: string) => findLinkOwner(manager.db, ALL_ACCOUNTS, { token, now: now() });
const changeOf = (token: string) => findEmailChange(manager.db, ALL_ACCOUNTS, { token, now: now() });

it("mails the links when SES is back, and their hour begins then", async () => {
  const user = await makeUser("ada");
  fault = new Fault("TooManyRequestsException", "Away.", 429);
  await forget(user.email);
  await move(user, "ada@new.example");
  for (let minute = 0; minute < 3; minute += 1) await expect(send()).rejects.toThrow("Away.");
  expect([await mailsTo(user.email), await mailsTo("ada@new.example")]).toEqual([[], []]);
  fault = undefined;
  late = 3 * 60 * MINUTE_MS;
  expect(await send()).toBe(3);
  expect(await send()).toBe(0);
  late += 59 * MINUTE_MS;
  const reset = (await mailsTo(user.email)).find(({ text }) => text.includes("/reset/"))?.text ?? "";
  const [, token = ""] = /https:\/\/gas\.example\.org\/reset\/([\w-]{43})\n/.exec(reset) ?? [];
  expect(await ownerOf(token)).toMatchObject({ username: "ada" });
  expect(await changeOf(await tokenTo("ada@new.example"))).toMatchObject({ email: "ada@new.example" });
  late += 2 * MINUTE_MS;
  expect(await ownerOf(token)).toBeUndefined();
  expect(await changeOf(await tokenTo("ada@new.example"))).toBeUndefined();
});

it("mails once more when the answer of SES was lost, with a link that works", async () => {
  const user = await makeUser("bea");
  fault = new Fault("InternalServiceErrorException", "Lost.", 500);
  isTaken = true;
  await forget(user.email);
  await expect(send()).rejects.toThrow("Lost.");
  fault = undefined;
  expect(await send()).toBe(1);
  const tokens = (await mailsTo(user.email)).map(({ text }) => /\/reset\/([\w-]{43})/.exec(text)?.[1] ?? "none");
  const owners = await Promise.all(tokens.map(ownerOf));
  expect(owners.filter((owner) => owner !== undefined)).toHaveLength(1);
});

it("mails nothing that has ended before: by a new password, by a newer address, after a day", async () => {
  const user = await makeUser("cleo");
  await forget(user.email);
  await move(user, "cleo@first.example");
  await move(user, "cleo@second.example");
  await manager.db
    .transaction()
    .execute((trx) => changePassword(trx, PLAIN_ACCOUNTS, { userId: user.id, passwordHash: "new", now: now() }));
  await move(user, "cleo@third.example");
  await move(user, "cleo@fourth.example");
  await send();
  const subjects = (await mailsTo(user.email)).map(({ subject }) => subject);
  expect(subjects).toEqual(["Elastic GAS: a new address was asked for"]);
  for (const address of ["first", "second", "third"]) expect(await mailsTo(`cleo@${address}.example`)).toEqual([]);
  expect(await changeOf(await tokenTo("cleo@fourth.example"))).toBeDefined();

  await forget(user.email);
  late = 25 * 60 * MINUTE_MS;
  expect(await send()).toBe(0);
});

it("tells the address until now what became of it, also when it is the user's no more", async () => {
  const user = await makeUser("dora");
  await move(user, "dora@new.example");
  await send();
  const done = await finishEmailChange(manager.db, PLAIN_ACCOUNTS, {
    token: await tokenTo("dora@new.example"),
    now: now(),
  });
  expect(done).toMatchObject({ old: user.email, email: "dora@new.example" });
  await send();
  await removeEmail(manager.db, PLAIN_ACCOUNTS, { user: { id: user.id, email: "dora@new.example" }, now: now() });
  await send();
  const told = async (address: string) => (await mailsTo(address)).map(({ text }) => text.split("\n")[0]);
  expect((await told(user.email)).sort()).toEqual([
    expect.stringContaining("wants the mail of the account dora to go to dora@new.example"),
    "The mail of the account dora goes to dora@new.example from now on, and no longer to this address.",
  ]);
  expect(await told("dora@new.example")).toContain(
    "The account dora no longer has an e-mail address; this is the last mail to this one.",
  );
});

it("leads those who may use the manager there", async () => {
  const user = await makeUser("eve", { isAdmin: true });
  await askForPasswordReset(manager.db, ALL_ACCOUNTS, { email: user.email, mayUseManager: true, now: now() });
  expect(await forget(user.email), "user-app makes no link for them").toEqual([]);
  expect(await send()).toBe(1);
  expect((await mailsTo(user.email))[0]?.text).toMatch(/http:\/\/localhost:5000\/reset\/[\w-]{43}\n/);
});

it("stores no link that works", async () => {
  const user = await makeUser("fay");
  await forget(user.email);
  const [row] = await manager.db.selectFrom("passwordResets").selectAll().where("userId", "=", user.id).execute();
  const [mail] = await manager.db.selectFrom("userMails").select("detail").where("userId", "=", user.id).execute();
  expect(mail?.detail).toEqual({ request: row?.tokenHash });
  expect(await ownerOf(row?.tokenHash ?? "")).toBeUndefined();
});

it("tells once, a week before, of API tokens that end", async () => {
  const { db } = manager;
  await send();
  const user = await makeUser("tess", { isAdmin: true });
  const inDays = (days: number) => new Date(now().getTime() + days * 24 * 60 * MINUTE_MS);
  const token = { userId: user.id, scope: "read", usedAt: null, revokedAt: null } as const;
  await db
    .insertInto("apiTokens")
    .values([
      { ...token, name: "nightly", tokenHash: "1".repeat(64), audience: "user", expiresAt: inDays(6.9) },
      { ...token, name: "graphs", tokenHash: "2".repeat(64), audience: "manager", expiresAt: inDays(6) },
      { ...token, name: "later", tokenHash: "3".repeat(64), expiresAt: inDays(7.1) },
      { ...token, name: "over", tokenHash: "4".repeat(64), expiresAt: inDays(-0.1) },
      { ...token, name: "endless", tokenHash: "5".repeat(64), expiresAt: null },
      { ...token, name: "revoked", tokenHash: "6".repeat(64), expiresAt: inDays(6), revokedAt: now() },
      { ...token, name: "soon revoked", tokenHash: "7".repeat(64), expiresAt: inDays(6) },
    ])
    .execute();
  await tellOfEndingTokens(db, now());
  await tellOfEndingTokens(db, now());
  await db.updateTable("apiTokens").set({ revokedAt: now() }).where("name", "=", "soon revoked").execute();
  expect(await send()).toBe(1);
  const [mail, ...others] = await mailsTo(user.email);
  expect(others).toEqual([]);
  expect(mail?.subject).toBe("Elastic GAS: API tokens end");
  const lines = (mail?.text ?? "").split("\n\n").slice(1);
  expect(lines.map((line) => line.replace(/: \d.* UTC\./, ":").trimEnd())).toEqual([
    "graphs: A new one is made at http://localhost:5000/tokens",
    "nightly: A new one is made at https://gas.example.org/profile/tokens",
  ]);
  await tellOfEndingTokens(db, now());
  late = 2 * 24 * 60 * MINUTE_MS;
  await tellOfEndingTokens(db, now());
  await send();
  expect((await mailsTo(user.email)).map(({ subject }) => subject)).toContain("Elastic GAS: the API token later ends");
});
