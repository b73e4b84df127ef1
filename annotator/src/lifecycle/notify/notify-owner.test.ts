import { SESv2Client } from "@aws-sdk/client-sesv2";
import { createSetting, type Setting } from "@elastic-gas/testing/annotator/test-environment";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { jobMail } from "./job-mail.ts";
import { type NotifyDeps, notifyOwner } from "./notify-owner.ts";

const CONFIG = {
  MAIL_FROM: "gas@example.org",
  DISPLAY_TIME_ZONE: "America/Chicago",
  FREE_RETENTION_SECONDS: 300,
  PUBLIC_URL: undefined,
  PUBLIC_HOST: "gas.example.org",
  LB_PORT: 8080,
};
const Mails = z.array(
  z.object({ from: z.string(), to: z.array(z.string()), subject: z.string(), text: z.string(), html: z.string() }),
);

let database: TestDatabase;
let cloud: TestCloud;
let setting: Setting;
let deps: NotifyDeps;
let isMailDown = false;

beforeAll(async () => {
  [database, cloud] = await Promise.all([
    createTestDatabase(),
    startTestCloud({
      async middleware({ operation }, next) {
        if (operation === "SendEmail" && isMailDown) throw new Error("mail is down");
        return next();
      },
    }),
  ]);
  setting = await createSetting(database.db, cloud.clientConfig);
  deps = { db: database.db, ses: new SESv2Client(cloud.clientConfig), log: setting.log, config: CONFIG };
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function finishedJob(email: string | null, columns: object = {}): Promise<{ jobId: string; userId: number }> {
  const userId = await setting.addUser("free_user", email);
  const jobId = await setting.addJob(userId, "x", { inputName: "my.vcf" });
  await database.db
    .updateTable("jobs")
    .set({ status: "COMPLETED", completedAt: new Date("2026-11-20T12:00:00Z"), ...columns })
    .where("id", "=", jobId)
    .execute();
  return { jobId, userId };
}

async function mailsTo(address: string): Promise<z.infer<typeof Mails>> {
  const response = await fetch(`${cloud.endpoint}/_mail/messages.json?to=${encodeURIComponent(address)}`);
  return Mails.parse(await response.json());
}

it("mails the owner once, with the job's id linked to its page", async () => {
  const { jobId, userId } = await finishedJob("bea@example.org");
  const message = { version: 1, jobId, userId, outcome: "COMPLETED" } as const;
  await notifyOwner(deps, message);
  await notifyOwner(deps, message);
  const mails = await mailsTo("bea@example.org");
  expect(mails).toHaveLength(1);
  expect(mails[0]).toMatchObject({
    from: "gas@example.org",
    to: ["bea@example.org"],
    subject: "Your annotation of my.vcf is ready",
  });
  expect(mails[0]?.text).toContain(`http://gas.example.org:8080/annotations/${jobId}`);
  expect(mails[0]?.html).toContain(`href="http://gas.example.org:8080/annotations/${jobId}"`);
  // Noon UTC and five minutes, in the zone that is configured.
  expect(mails[0]?.text).toMatch(/Download the result before 20\sNov\s2026, 06:05:00 CST/);
  expect((await setting.job(jobId)).notifiedAt).not.toBeNull();
});

it("mails later when the mail service fails, still once", async () => {
  const { jobId, userId } = await finishedJob("cy@example.org");
  const message = { version: 1, jobId, userId, outcome: "COMPLETED" } as const;
  isMailDown = true;
  await expect(notifyOwner(deps, message)).rejects.toThrow();
  expect((await setting.job(jobId)).notifiedAt).toBeNull();
  isMailDown = false;
  await notifyOwner(deps, message);
  expect(await mailsTo("cy@example.org")).toHaveLength(1);
});

it("tells why a job failed", async () => {
  const { jobId, userId } = await finishedJob("dan@example.org", { status: "FAILED", failure: "The file is empty." });
  await notifyOwner(deps, { version: 1, jobId, userId, outcome: "FAILED" });
  const [mail] = await mailsTo("dan@example.org");
  expect(mail?.subject).toBe("Your annotation of my.vcf failed");
  expect(mail?.text).toContain("failed: The file is empty.");
});

it("records an owner without an address instead of failing", async () => {
  const { jobId, userId } = await finishedJob(null);
  expect(await notifyOwner(deps, { version: 1, jobId, userId, outcome: "COMPLETED" })).toEqual({ kind: "done" });
  const rows = await database.db
    .selectFrom("auditLog")
    .select(["actor", "action"])
    .where("target", "=", jobId)
    .execute();
  expect(rows).toEqual([{ actor: "notify", action: "mail.skip" }]);
});

it("drops a message about a job that no longer exists", async () => {
  const jobId = "00000000-0000-4000-8000-000000000000";
  expect(await notifyOwner(deps, { version: 1, jobId, userId: 1, outcome: "COMPLETED" })).toEqual({ kind: "done" });
});

it("begins with what is to know about the genome build", () => {
  const job = { id: "1", inputName: "a.vcf", outcome: "COMPLETED" as const, failure: null };
  const buildWarning = "The genome build is not known. GRCh38 was taken.";
  const mail = jobMail(
    { ...job, buildWarning, submittedAt: new Date(0), completedAt: new Date(0) },
    { baseUrl: "http://gas", timeZone: "UTC", downloadUntil: null },
  );
  expect(mail.text.startsWith(`${buildWarning}\n`)).toBe(true);
  expect(mail.html).toContain(`>${buildWarning}</p>`);
});

it("lets no file name change the mail's form", () => {
  const mail = jobMail(
    {
      id: "1",
      inputName: '<b>"x"</b>\r\nBcc: all@example.org',
      outcome: "COMPLETED",
      failure: null,
      buildWarning: null,
      submittedAt: new Date(0),
      completedAt: new Date(0),
    },
    { baseUrl: "http://gas", timeZone: "UTC", downloadUntil: null },
  );
  expect(mail.subject).not.toMatch(/[\r\n]/);
  expect(mail.html).not.toContain("<b>");
});
