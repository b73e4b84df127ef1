import { SESv2Client } from "@aws-sdk/client-sesv2";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { putUserMail } from "@elastic-gas/shared/mail/user-mails";
import { createSetting, type Setting } from "@elastic-gas/testing/annotator/test-environment";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import type { NotifyDeps } from "./notify-owner.ts";
import { sendAccountMails } from "./send-account-mails.ts";

const CONFIG = {
  MAIL_FROM: "gas@example.org",
  DISPLAY_TIME_ZONE: "America/Chicago",
  FREE_RETENTION_SECONDS: 300,
  PUBLIC_URL: "https://gas.example.org",
  PUBLIC_HOST: "gas.example.org",
  LB_PORT: 8080,
};
const Mails = z.array(z.object({ subject: z.string(), text: z.string(), html: z.string() }));
const HOUR_MS = 3_600_000;

let database: TestDatabase;
let cloud: TestCloud;
let setting: Setting;
let deps: NotifyDeps;
/** What SES answers instead of taking a mail. */
let fault: Error | undefined;

beforeAll(async () => {
  [database, cloud] = await Promise.all([
    createTestDatabase(),
    startTestCloud({
      async middleware({ operation }, next) {
        if (operation === "SendEmail" && fault !== undefined) throw fault;
        return next();
      },
    }),
  ]);
  setting = await createSetting(database.db, cloud.clientConfig);
  const ses = new SESv2Client({ ...cloud.clientConfig, maxAttempts: 1 });
  deps = { db: database.db, ses, log: setting.log, config: CONFIG };
});
beforeEach(() => {
  fault = undefined;
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function mailsTo(address: string) {
  const response = await fetch(`${cloud.endpoint}/_mail/messages.json?to=${encodeURIComponent(address)}`);
  return Mails.parse(await response.json());
}

const restored = (userId: number, name: string, about = name) =>
  putUserMail(database.db, {
    userId,
    kind: "result-restored",
    about: `${userId} ${about}`,
    detail: { jobId: `job-${name}`, inputName: `${name}.vcf` },
  });

it("tells several restored results in one mail, each once", async () => {
  const userId = await setting.addUser("premium_user", "many@example.org");
  for (const name of ["a", "b", "c", "a"]) await restored(userId, name);
  await Promise.all([sendAccountMails(deps), sendAccountMails(deps), sendAccountMails(deps)]);
  await sendAccountMails(deps);
  const mails = await mailsTo("many@example.org");
  expect(mails.map(({ subject }) => subject)).toEqual(["3 of your results are available again"]);
  expect(mails[0]?.text).toContain("a.vcf, b.vcf, c.vcf");
});

it("leaves out what another process has in hand, and tells it when that one is gone", async () => {
  const userId = await setting.addUser("premium_user", "shared@example.org");
  await restored(userId, "mine");
  await restored(userId, "theirs");
  await database.db.transaction().execute(async (trx) => {
    const theirs = { kind: "result-restored", about: `${userId} theirs` } as const;
    await trx
      .selectFrom("userMails")
      .select("id")
      .where("kind", "=", theirs.kind)
      .where("about", "=", theirs.about)
      .forUpdate()
      .execute();
    expect(await sendAccountMails(deps)).toBe(1);
  });
  expect(await sendAccountMails(deps)).toBe(1);
  const subjects = (await mailsTo("shared@example.org")).map(({ subject }) => subject);
  expect(subjects.sort()).toEqual([
    "Your result for mine.vcf is available again",
    "Your result for theirs.vcf is available again",
  ]);
});

it("leads to the job of a single result", async () => {
  const userId = await setting.addUser("premium_user", "one@example.org");
  await restored(userId, "x");
  await sendAccountMails(deps);
  const [mail] = await mailsTo("one@example.org");
  expect(mail?.subject).toBe("Your result for x.vcf is available again");
  expect(mail?.html).toContain('href="https://gas.example.org/annotations/job-x"');
});

it("waits for what joins the mail", async () => {
  const userId = await setting.addUser("premium_user", "later@example.org");
  const detail = { jobId: "j", inputName: "a.vcf" };
  await putUserMail(database.db, { userId, kind: "result-restored", about: "later", detail, dueInSeconds: 120 });
  await sendAccountMails(deps);
  expect(await mailsTo("later@example.org")).toEqual([]);
});

it("says what was not charged, and when it is tried again", async () => {
  const userId = await setting.addUser("premium_user", "card@example.org");
  const detail = { amount: 99_999, currency: "usd", nextTryAt: "2026-12-01T18:00:00.000Z" };
  await putUserMail(database.db, { userId, kind: "payment-failed", about: "in_1 1", detail });
  await sendAccountMails(deps);
  const [mail] = await mailsTo("card@example.org");
  expect(mail?.text).toContain("$999.99 for Premium could not be charged.");
  expect(mail?.text).toMatch(/try again on 1\sDec\s2026, 12:00:00 CST/);
});

it("tells a day before that a period renews or ends, and nothing about one that was moved or is over", async () => {
  const soon = new Date(Date.now() + 20 * HOUR_MS);
  const subscribe = async (name: string, columns: object) => {
    const userId = await setting.addUser("premium_user", `${name}@example.org`);
    const row = { id: `sub_${name}`, userId, status: "active", currentPeriodEnd: soon, cancelAtPeriodEnd: false };
    await database.db
      .insertInto("subscriptions")
      .values({ ...row, createdAt: new Date(), updatedAt: new Date(), ...columns })
      .execute();
    return userId;
  };
  await subscribe("renews", {});
  await subscribe("ends", { cancelAtPeriodEnd: true });
  await subscribe("far", { currentPeriodEnd: new Date(Date.now() + 30 * HOUR_MS) });
  const moved = await subscribe("moved", { currentPeriodEnd: new Date(Date.now() + 100 * HOUR_MS) });
  const detail = { subscriptionId: "sub_moved", endsAt: soon.toISOString() };
  await putUserMail(database.db, { userId: moved, kind: "period-ends", about: "sub_moved earlier", detail });
  await sendAccountMails(deps);
  await sendAccountMails(deps);
  const subjects = async (name: string) => (await mailsTo(`${name}@example.org`)).map(({ subject }) => subject);
  expect(await subjects("renews")).toEqual(["Your Premium renews within a day"]);
  expect(await subjects("ends")).toEqual(["Your Premium ends within a day"]);
  expect(await subjects("far")).toEqual([]);
  expect(await subjects("moved")).toEqual([]);
});

it("mails later when the service is away, and tells of an address that it refuses for good", async () => {
  const userId = await setting.addUser("premium_user", "away@example.org");
  await restored(userId, "y");
  fault = new Fault("ServiceUnavailable", "away", 503);
  await expect(sendAccountMails(deps)).rejects.toThrow();
  fault = undefined;
  expect(await sendAccountMails(deps)).toBe(1);
  expect(await mailsTo("away@example.org")).toHaveLength(1);

  await restored(userId, "z");
  fault = new Fault("MessageRejected", "This address may not be used.");
  expect(await sendAccountMails(deps)).toBe(0);
  const told = await database.db.selectFrom("auditLog").select("detail").where("action", "=", "mail.refused").execute();
  expect(told.map(({ detail }) => detail)).toEqual(["This address may not be used."]);
  fault = undefined;
  expect(await sendAccountMails(deps)).toBe(0);
});

it("leaves users without an address alone", async () => {
  const userId = await setting.addUser("premium_user", "");
  await restored(userId, "n");
  expect(await sendAccountMails(deps)).toBe(0);
});
