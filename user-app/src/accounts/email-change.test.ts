import { PLAIN_ACCOUNTS } from "@elastic-gas/shared/accounts/account-tables";
import { makePasswordLink } from "@elastic-gas/shared/accounts/password-links";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { type Browser, startTestApp, TEST_PASSWORD, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { afterAll, beforeAll, expect, it } from "vitest";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

const mailsTo = (address: string) => app.mailsTo(address);

async function linkTo(address: string): Promise<string> {
  const [mail] = (await mailsTo(address)).filter(({ text }) => text.includes("/email/"));
  return /\/email\/[\w-]+/.exec(mail?.text ?? "")?.[0] ?? "no link";
}

async function addressOf(username: string): Promise<string | null> {
  const row = await app.db.selectFrom("users").select("email").where("username", "=", username).executeTakeFirst();
  return row?.email ?? null;
}

async function asked(username: string, from: string | undefined, to: string): Promise<Browser> {
  await app.makeUser(username, from === undefined ? {} : { email: from });
  const browser = await app.signedIn(username);
  expect((await browser.submit("/profile/email", { email: to, password: TEST_PASSWORD })).location).toBe("/profile");
  return browser;
}

it("changes an address only after the link that was sent to the new one is confirmed, and tells the old one", async () => {
  const browser = await asked("ann", "ann@old.example", "ann@new.example");
  expect((await browser.get("/profile")).text).toContain("An e-mail is on its way to ann@new.example.");
  expect((await mailsTo("ann@old.example")).map(({ subject }) => subject)).toEqual([
    "Elastic GAS: a new address was asked for",
  ]);
  const link = await linkTo("ann@new.example");
  const other = app.browser();
  const page = await other.get(link);
  expect(page.status).toBe(200);
  expect(page.text).toContain("ann@new.example");
  expect(await addressOf("ann"), "opening the link changes nothing").toBe("ann@old.example");
  expect((await other.submit(link)).text).toContain("goes to ann@new.example from now on");
  expect(await addressOf("ann")).toBe("ann@new.example");
  expect((await mailsTo("ann@old.example")).map(({ subject }) => subject)).toContain(
    "Elastic GAS: your address was changed",
  );
  expect((await other.get(link)).status, "a link works once").toBe(410);
  expect((await other.submit(link)).status).toBe(410);
});

it("keeps the address and says so when the password is wrong, and leaves no link", async () => {
  await app.makeUser("ben", { email: "ben@old.example" });
  const browser = await app.signedIn("ben");
  const page = await browser.submit("/profile/email", { email: "ben@new.example", password: "a guess" });
  expect(page.status).toBe(400);
  expect(page.text).toContain("This is not your password.");
  expect(page.text).toContain('value="ben@new.example"');
  expect(await mailsTo("ben@new.example")).toEqual([]);
  expect(await addressOf("ben")).toBe("ben@old.example");
});

it("changes no address with the profile's other fields", async () => {
  await app.makeUser("cara", { email: "cara@old.example" });
  const browser = await app.signedIn("cara");
  await browser.submit("/profile", { name: "Cara", email: "thief@example.org" });
  expect(await addressOf("cara")).toBe("cara@old.example");
});

it("guesses at the password through an open session are limited like signing in", async () => {
  await app.makeUser("dan", { email: "dan@old.example" });
  const browser = await app.signedIn("dan");
  const fields = (n: number) => ({ email: "dan@new.example", password: `guess ${n}` });
  for (let n = 0; n < 10; n += 1) await browser.submit("/profile/email", fields(n));
  expect((await browser.submit("/profile/email", fields(10))).status).toBe(429);
});

it("confirms nothing with a link that is too old, replaced by a newer one, or from before a change of the password", async () => {
  const browser = await asked("eve", "eve@old.example", "eve@first.example");
  const first = await linkTo("eve@first.example");
  await browser.submit("/profile/email", { email: "eve@second.example", password: TEST_PASSWORD });
  expect((await app.browser().get(first)).status).toBe(410);

  const second = await linkTo("eve@second.example");
  app.clock.now = new Date(Date.now() + 61 * 60_000);
  expect((await app.browser().get(second)).status).toBe(410);
  app.clock.now = undefined;
  expect((await app.browser().get(second)).status).toBe(200);

  expect((await browser.submit("/profile/password", { old: TEST_PASSWORD, new: "another horse" })).status).toBe(303);
  expect((await app.browser().get(second)).status).toBe(410);
  expect(await addressOf("eve")).toBe("eve@old.example");
});

it("refuses a confirmation that another site sends", async () => {
  await asked("fay", "fay@old.example", "fay@new.example");
  const link = await linkTo("fay@new.example");
  const browser = app.browser();
  await browser.get(link);
  expect((await browser.submit(link, {}, { origin: "https://evil.example" })).status).toBe(403);
  expect((await app.browser().submit(link)).status).toBe(400);
  expect(await addressOf("fay")).toBe("fay@old.example");
});

it("ends the recovery links that went to the old address", async () => {
  await asked("gil", "gil@old.example", "gil@new.example");
  const { id: userId } = await app.db
    .selectFrom("users")
    .select("id")
    .where("username", "=", "gil")
    .executeTakeFirstOrThrow();
  const expiresAt = new Date(Date.now() + 3_600_000);
  const reset = await makePasswordLink(app.db, PLAIN_ACCOUNTS, { userId, expiresAt });
  const link = await linkTo("gil@new.example");
  const browser = app.browser();
  await browser.get(link);
  await browser.submit(link);
  expect((await browser.get(`/reset/${reset}`)).status).toBe(410);
});

it("confirms a link once, however many times it is sent at the same time", async () => {
  await asked("hal", "hal@old.example", "hal@new.example");
  const link = await linkTo("hal@new.example");
  const browser = app.browser();
  await browser.get(link);
  const answers = await Promise.all([1, 2, 3, 4].map(() => browser.submit(link)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 410, 410, 410]);
});

it("removes an address at once and tells it", async () => {
  await app.makeUser("ivy", { email: "ivy@old.example" });
  const browser = await app.signedIn("ivy");
  expect((await browser.submit("/profile/email", { email: "", password: TEST_PASSWORD })).status).toBe(303);
  expect(await addressOf("ivy")).toBeNull();
  expect((await mailsTo("ivy@old.example")).map(({ subject }) => subject)).toEqual([
    "Elastic GAS: your address was removed",
  ]);
});

it("asks an account without a password here for a fresh sign-in instead", async () => {
  const userId = await app.makeUser("jan", { email: "jan@old.example" });
  const browser = await app.signedIn("jan");
  await app.db.updateTable("users").set({ passwordHash: null }).where("id", "=", userId).execute();
  expect((await browser.get("/profile")).text).not.toContain("Your password");
  expect((await browser.submit("/profile/email", { email: "jan@new.example" })).status).toBe(303);
  const [row] = await app.db.selectFrom("sessions").select(["idHash", "data"]).where("userId", "=", userId).execute();
  const stale = { ...row?.data, signedInAt: Date.now() - 16 * 60_000 };
  await app.db
    .updateTable("sessions")
    .set({ data: JSON.stringify(stale) })
    .where("idHash", "=", row?.idHash ?? "")
    .execute();
  const page = await browser.submit("/profile/email", { email: "jan@third.example" });
  expect(page.status).toBe(400);
  expect(page.text).toContain("Sign out and in again");
});

it("mails one new address at most five times in a quarter of an hour, whoever asks", async () => {
  await app.makeUser("kit");
  const browser = await app.signedIn("kit");
  const statuses = [];
  for (let n = 0; n < 6; n += 1) {
    const answer = await browser.submit("/profile/email", { email: "victim@example.org", password: TEST_PASSWORD });
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([303, 303, 303, 303, 303, 429]);
});
