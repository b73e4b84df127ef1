import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { listInstances } from "@elastic-gas/shared/aws/instances";
import type { ArchiveStoreName } from "@elastic-gas/shared/database/tables";
import { jobKey } from "@elastic-gas/shared/resources";
import { clientOf } from "@elastic-gas/testing/system/clients";
import { SAMPLES } from "@elastic-gas/testing/system/system";
import type { Page } from "playwright-core";
import {
  acceptInvitation,
  askForResult,
  cancelPremium,
  clickDownload,
  inviteUser,
  planOf,
  readLog,
  seeRefusedByServer,
  seeRefusedInPage,
  submitFile,
  upgrade,
  watchUntilDone,
} from "./grading-pages.ts";
import { isSettled, type ProofSystem } from "./proof-system.ts";
import type { StoredFiles } from "./stored-files.ts";
import { expectSame, type StoryStep } from "./story.ts";
import { countRecords, mailsTo } from "./vcf-user.ts";
import { count, seconds, timeSpan } from "./words.ts";

const ACCOUNT = { username: "mreyes", password: "a long password" };
const EMAIL = "mreyes@example.org";
const FIRST = join(SAMPLES, "vcf", "grch38.vcf");
const SECOND = join(SAMPLES, "vcf", "grch37.vcf");
const ROOT = join(SAMPLES, "..");
const JOB_SECONDS = 300;
const ARCHIVE_SECONDS = 300;
const RESTORE_SECONDS = 900;
const COME_BACK_SECONDS = 600;

/** What the steps work with. */
export interface Grading {
  readonly proof: ProofSystem;
  readonly files: StoredFiles;
  readonly driver: ArchiveStoreName;
  readonly retentionSeconds: number;
  /** The reader's, with script. */
  readonly page: Page;
  readonly adminPage: Page;
  /** An empty page with the reader's session, whose scripts do not run. */
  openWithoutScript(): Promise<Page>;
  /** Folder for files of this run. */
  readonly folder: string;
  /** Called when the reader is signed in, and before the workers are ended. */
  readonly onSignedIn: () => void;
  readonly beforeTheEnd: () => Promise<void>;
}

/** The course's 13 steps, in the order of docs/guides/grade-it.md; later ones build on what earlier ones found. */
export function gradingSteps(grading: Grading): readonly StoryStep[] {
  const { proof, files, driver, page } = grading;
  const { db, system, wait } = proof;
  const origin = system.userAppUrl;
  const big = join(grading.folder, "big.vcf");
  let first = { id: "", url: "", content: "", completedAt: 0, resultKey: "" };
  let second = { id: "", url: "", content: "" };

  const job = (id: string) => db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const jobPage = (id: string) => `${origin}/annotations/${id}`;
  const annotate = async (file: string) => {
    const id = await submitFile(page, origin, file);
    await watchUntilDone(page, JOB_SECONDS * 1_000);
    return { id, url: jobPage(id) };
  };
  const countArchives = (wanted: number) =>
    wait(`${wanted} archives`, async () => (await files.countArchives(driver)) === wanted, ARCHIVE_SECONDS);

  return [
    {
      what: "An administrator invites a Free user, who chooses a password at the mail's link, signs in and sends a VCF file; the answer is the job's page",
      async take() {
        await inviteUser(grading.adminPage, system, { username: ACCOUNT.username, email: EMAIL });
        const link = await wait(
          "the invitation",
          async () => {
            const texts = (await mailsTo(proof, EMAIL)).map(({ text }) => text);
            return texts.map((text) => /http\S+\/reset\/\S+/.exec(text)?.[0]).find(Boolean);
          },
          JOB_SECONDS,
        );
        await acceptInvitation(page, link, ACCOUNT);
        grading.onSignedIn();
        expectSame("the plan", await planOf(page, origin), "Free");
        const id = await submitFile(page, origin, FIRST);
        first = { ...first, id, url: jobPage(id) };
        return `Free, job ${id.slice(0, 8)}`;
      },
    },
    {
      what: "The open page goes on to completed by itself; it has figures, charts, a preview, the log and the result, which downloads",
      async take() {
        await watchUntilDone(page, JOB_SECONDS * 1_000);
        const { submittedAt, completedAt, resultKey } = await job(first.id);
        const [figures, charts, previews] = await Promise.all(
          ["[data-figure]", "[data-chart]", "[data-records]"].map((part) => page.locator(part).count()),
        );
        if (!figures || !charts || !previews)
          throw new Error(`${figures} figures, ${charts} charts, ${previews} previews`);
        const log = await readLog(page);
        const content = await clickDownload(page);
        const records = countRecords(content);
        expectSame("records of the result", records, countRecords(readFileSync(FIRST, "utf8")));
        first = { ...first, content, completedAt: completedAt?.getTime() ?? 0, resultKey: resultKey ?? "" };
        const took = timeSpan(first.completedAt - submittedAt.getTime());
        return `completed ${took} after it was sent; ${figures} figures, ${charts} charts; ${records} records, a log of ${log.trim().split("\n").length} lines`;
      },
    },
    {
      what: "One mail tells of it; its link leads to the job's page",
      async take() {
        const mails = await wait(
          "the mail about the job",
          async () => {
            const own = (await mailsTo(proof, EMAIL)).filter(({ text }) => text.includes(first.url));
            return own.length > 0 && own;
          },
          JOB_SECONDS,
        );
        expectSame("mails about the job", mails.length, 1);
        await page.goto(/http\S+\/annotations\/[0-9a-f-]{36}/.exec(mails[0]?.text ?? "")?.[0] ?? "");
        await page.waitForSelector("[data-job-result]");
        expectSame("where the link leads", page.url(), first.url);
        return `"${mails[0]?.subject}"`;
      },
    },
    {
      what: "A file above the Free limit is refused with the way to Premium, by the page and by the server",
      async take() {
        await promisify(execFile)(process.execPath, [join(SAMPLES, "build-premium.ts"), big], { cwd: ROOT });
        const inPage = await seeRefusedInPage(page, origin, big);
        const plain = await grading.openWithoutScript();
        const byServer = await seeRefusedByServer(plain, origin, big);
        await plain.context().close();
        return `in the page "${inPage}", by the server 413 "${byServer}"`;
      },
    },
    {
      what: "When the time for the download is over, the open page has the way to Premium in place of the download; the log stays",
      async take() {
        await page.goto(first.url);
        await page.waitForSelector("[data-job-result]");
        const endsAt = first.completedAt + grading.retentionSeconds * 1_000;
        await page.waitForSelector("main a:has-text('Upgrade to Premium')", {
          timeout: Math.max(0, endsAt - Date.now()) + 60_000,
        });
        const after = Date.now() - first.completedAt;
        expectSame("download buttons", await page.locator("[data-job-result]").count(), 0);
        const asked = await askForResult(page.context().request, first.url);
        expectSame("a request for the result", asked, "303 /subscribe");
        await readLog(page);
        if (Date.now() < endsAt) throw new Error("The download ended too early.");
        return `offered ${seconds(after)} after completion; the result leads to /subscribe; the log opens`;
      },
    },
    {
      what: "The result lies in the archive and no longer in the results bucket, where the log stays",
      async take() {
        await wait(
          "the result to be archived",
          async () => (await job(first.id)).archiveState === "archived",
          grading.retentionSeconds + ARCHIVE_SECONDS,
        );
        await countArchives(1);
        const { archiveStore, userId, logKey } = await job(first.id);
        expectSame("the archive's store", archiveStore, driver);
        const left = await wait(
          "the object to be deleted",
          async () => {
            const keys = await files.keys("results", jobKey(system.prefix, userId, first.id, ""));
            return !keys.includes(first.resultKey) && keys;
          },
          ARCHIVE_SECONDS,
        );
        expectSame("what lies in the results bucket", left.join(", "), logKey);
        await page.waitForSelector("main :text('Archived on')");
        return `1 archive in ${driver}; ${left.length} object of the job left, its log`;
      },
    },
    {
      what: "Payment: a second job ends; a declined card changes nothing, the next one pays, and the profile says Premium at once",
      async take() {
        const done = await annotate(SECOND);
        second = { ...done, content: await clickDownload(page) };
        await upgrade(page, origin);
        expectSame("the plan", await planOf(page, origin), "Premium");
        return "declined, then paid; the profile says Premium";
      },
    },
    {
      what: "The archived result's page says that it is being restored, and offers neither an upgrade nor a download",
      async take() {
        await page.goto(first.url);
        await page.waitForSelector("main :text('Being restored')");
        expectSame("download buttons", await page.locator("a[data-job-result]").count(), 0);
        expectSame("ways to pay again", await page.locator('main a[href="/subscribe"]').count(), 0);
        return "being restored";
      },
    },
    {
      what: "The second job's result, which was not archived yet, downloads all the time",
      async take() {
        await page.goto(second.url);
        expectSame("the same file", (await clickDownload(page)) === second.content, true);
        expectSame("its archive", (await job(second.id)).archiveState, "kept");
        return `${countRecords(second.content)} records, the same file`;
      },
    },
    {
      what: "The restored result is offered by the page that stands open, downloads byte for byte, and its archive is gone",
      async take() {
        await page.goto(first.url);
        const startedAt = Date.now();
        await page.waitForSelector("a[data-job-result]", { timeout: RESTORE_SECONDS * 1_000 });
        const took = Date.now() - startedAt;
        const content = await clickDownload(page);
        expectSame("the same file", content === first.content, true);
        await readLog(page);
        await countArchives(0);
        expectSame("the archive's id", (await job(first.id)).resultsFileArchiveId, null);
        return `offered after ${timeSpan(took)}; ${content.length} bytes, the same file; the log opens; no archive is left`;
      },
    },
    {
      what: "The large file of step 4 is taken from a Premium user",
      async take() {
        await annotate(big);
        const records = countRecords(await clickDownload(page));
        expectSame("records of the result", records, countRecords(readFileSync(big, "utf8")));
        return `${count(records)} records`;
      },
    },
    {
      what: "Cancelling Premium makes the user Free again",
      async take() {
        await cancelPremium(page, origin);
        expectSame("the plan", await planOf(page, origin), "Free");
        const open = await db.selectFrom("subscriptions").select("status").execute();
        return `the profile says Free; the subscription is ${open.map(({ status }) => status).join(", ")}`;
      },
    },
    {
      what: "All instances are terminated: all come back, a job that was just sent ends well, and the user is still signed in",
      async take() {
        await grading.beforeTheEnd();
        const id = await submitFile(page, origin, FIRST);
        const ended = await terminateAll(proof);
        const since = Date.now();
        await page.goto("about:blank");
        await wait(
          "the job's page",
          async () => (await page.goto(jobPage(id)))?.status() === 200 && page.url() === jobPage(id),
          COME_BACK_SECONDS,
        );
        const served = Date.now() - since;
        await watchUntilDone(page, COME_BACK_SECONDS * 1_000);
        const records = countRecords(await clickDownload(page));
        expectSame("records of the result", records, countRecords(readFileSync(FIRST, "utf8")));
        await wait(
          "all pools to be complete",
          async () => (await proof.manager.pools()).every(isSettled),
          COME_BACK_SECONDS,
        );
        return `${ended} terminated; pages again after ${timeSpan(served)}, all pools complete after ${timeSpan(Date.now() - since)}; the job ended with ${records} records`;
      },
    },
  ];
}

async function terminateAll({ system }: ProofSystem): Promise<number> {
  const ec2 = await clientOf(EC2Client, system);
  try {
    const instances = await listInstances(ec2, system.prefix);
    const ids = instances.filter(({ state }) => state === "pending" || state === "running").map(({ id }) => id);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    return ids.length;
  } finally {
    ec2.destroy();
  }
}
