import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, TEST_PASSWORD, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FormBrowser } from "./form-browser.ts";
import { giveAddress } from "./give-address.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(await startTestCloud());
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
});

const ADDRESS = "demo-ada@example.org";
const account = { username: "demo-ada", password: TEST_PASSWORD };

const addressOf = (username: string) =>
  app.db.selectFrom("users").select("email").where("username", "=", username).executeTakeFirst();

it("gives a demo user an address that counts, and asks for none a second time", async () => {
  await app.makeUser(account.username);
  const reader = new FormBrowser(app.origin);
  await reader.signIn(account);
  const demo = { origin: app.origin, mailbox: `${app.endpoint}/_mail`, signal: AbortSignal.timeout(30_000) };
  const given = giveAddress(demo, reader, account);
  await waitUntil("the mail with the link", async () => (await app.mailsTo(ADDRESS)).length > 0);
  await given;
  expect(await addressOf(account.username)).toEqual({ email: ADDRESS });

  await giveAddress(demo, reader, account);
  expect(await app.mailsTo(ADDRESS)).toHaveLength(1);
});
