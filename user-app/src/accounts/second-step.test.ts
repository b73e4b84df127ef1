import { PLAIN_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { changePassword } from "@elastic-gas/shared/accounts/change-password";
import { confirmSecondFactor, makeEnrolment } from "@elastic-gas/shared/accounts/second-factor";
import { isAtSecondStep } from "@elastic-gas/shared/accounts/second-step";
import { createSecretBox } from "@elastic-gas/shared/accounts/secret-box";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { type Browser, startTestApp, TEST_PASSWORD, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import type { Request } from "express";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";

const STRANGER = { "x-forwarded-for": "203.0.113.9" };
const HOME = { "x-forwarded-for": "198.51.100.1" };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

/** An account whose second step is on, and its unused codes. */
async function withSecondStep(username: string) {
  const id = await app.makeUser(username);
  const { secret } = makeEnrolment(username);
  const totp = new TOTP({ secret });
  const now = new Date(Date.now() - 60_000);
  const store = { db: app.db, box: createSecretBox(app.config.TOTP_KEY) };
  const code = totp.generate({ timestamp: now.getTime() });
  const done = await confirmSecondFactor(store, { userId: id, secret, code, now, keptSession: "" });
  const codes = done.kind === "on" ? [...done.recoveryCodes] : [];
  return { id, username, code: () => codes.pop() ?? "none" };
}

async function firstStep(username: string, browser = app.browser(), from = {}): Promise<Browser> {
  await browser.get("/login", from);
  const answer = await browser.submit("/login", { username, password: TEST_PASSWORD }, from);
  expect(answer.location).toBe("/login/code");
  await browser.get("/login/code", from);
  return browser;
}

it("lets its owner in from where it was done before, while strangers who know the password guess", async () => {
  const { username, code } = await withSecondStep("target");
  const owner = await firstStep(username, app.browser(), HOME);
  expect((await owner.submit("/login/code", { code: code() }, HOME)).location).toBe("/annotations");

  const guess = async (from: Record<string, string>) => {
    const guesser = await firstStep(username, app.browser(), from);
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1)
      statuses.push((await guesser.submit("/login/code", { code: "000000" }, from)).status);
    return statuses;
  };
  expect(await guess(STRANGER)).toEqual([401, 401, 401, 401, 401, 429]);
  const another = { "x-forwarded-for": "203.0.113.10" };
  const other = await firstStep(username, app.browser(), another);
  expect((await other.submit("/login/code", { code: code() }, another)).status, "strangers count together").toBe(429);

  const again = await firstStep(username, app.browser(), HOME);
  expect((await again.submit("/login/code", { code: code() }, HOME)).location).toBe("/annotations");
  expect(await guess(HOME)).toEqual([401, 401, 401, 401, 401, 429]);
});

it("is of the account whose password was given last in this browser, and of no other", async () => {
  const [ann, ben] = [await withSecondStep("ann"), await withSecondStep("ben")];
  const browser = await firstStep("ann");
  const stolen = new Map(browser.cookies);
  await firstStep("ben", browser);
  expect((await browser.submit("/login/code", { code: ann.code() })).status).toBe(401);
  expect((await browser.submit("/login/code", { code: ben.code() })).location).toBe("/annotations");
  expect((await browser.get("/profile")).text).toContain("ben");
  // The first step of ann in that browser is over, also for who kept its cookie.
  const thief = app.browser();
  for (const [name, value] of stolen) thief.cookies.set(name, value);
  expect((await thief.get("/login/code")).location).toBe("/login");
});

it("cannot be taken twice, after signing out, or after the password was changed", async () => {
  const { id, code } = await withSecondStep("cleo");
  const replay = async (cookies: ReadonlyMap<string, string>) => {
    const browser = app.browser();
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    const page = await browser.get("/login/code");
    return page.location ?? page.status;
  };
  const done = await firstStep("cleo");
  const before = new Map(done.cookies);
  expect(await replay(before)).toBe(200);
  expect((await done.submit("/login/code", { code: code() })).location).toBe("/annotations");
  expect(await replay(before)).toBe("/login");

  const left = await firstStep("cleo");
  const cookies = new Map(left.cookies);
  await left.submit("/logout");
  expect(await replay(cookies)).toBe("/login");

  const late = await firstStep("cleo");
  const now = new Date();
  await app.db
    .transaction()
    .execute((trx) => changePassword(trx, PLAIN_ACCOUNTS, { userId: id, passwordHash: "another", now }));
  expect((await late.submit("/login/code", { code: code() })).location).toBe("/login");
});

it("is over five minutes after the password, at that instant", () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-30T12:00:00Z"), toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const isOpen = (secondsAgo: number) => {
    const secondStep = { userId: 1, at: Date.now() - secondsAgo * 1_000, next: "/" };
    // It reads the session and nothing else.
    return isAtSecondStep({ session: { secondStep } } as unknown as Request);
  };
  expect([299.999, 300, 301].map(isOpen)).toEqual([true, false, false]);
});
