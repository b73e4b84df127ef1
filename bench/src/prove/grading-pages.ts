import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { signIn } from "@elastic-gas/testing/system/sign-in";
import type { RunningSystem } from "@elastic-gas/testing/system/system";
import type { APIRequestContext, Page } from "playwright-core";
import { expectSame } from "./story.ts";

const JOB_PATH = /\/annotations\/([0-9a-f-]{36})$/;
const DECLINED = "4000 0000 0000 0002";
const CARD = "4242 4242 4242 4242";

/** Fills in the manager's form for a new user; an invitation goes to the address. */
export async function inviteUser(
  page: Page,
  { managerUrl, admin }: RunningSystem,
  { username, email }: { readonly username: string; readonly email: string },
): Promise<void> {
  await signIn(page, managerUrl, admin);
  await page.goto(`${managerUrl}/users`);
  const form = 'form[action="/users"][method="post"]';
  await page.fill(`${form} input[name="username"]`, username);
  await page.fill(`${form} input[name="email"]`, email);
  await page.click(`${form} button[type="submit"]`);
  await page.waitForSelector("text=invited, not yet accepted");
}

/** Chooses a password at an invitation's link and signs in with it. */
export async function acceptInvitation(
  page: Page,
  link: string,
  account: { readonly username: string; readonly password: string },
): Promise<void> {
  await page.goto(link);
  await page.fill('input[name="password"]', account.password);
  await page.click('main form button[type="submit"]');
  await page.waitForURL(/\/login/);
  await signIn(page, new URL(link).origin, account);
}

/** Sends a file on the page Annotate, whose answer is the job's page; gives the job's id. */
export async function submitFile(page: Page, origin: string, file: string): Promise<string> {
  await page.goto(`${origin}/annotate`);
  await page.setInputFiles("[data-upload-file]", file);
  await page.click("[data-upload-send]");
  await page.waitForURL(({ pathname }) => JOB_PATH.test(pathname));
  const jobId = JOB_PATH.exec(new URL(page.url()).pathname)?.[1];
  if (jobId === undefined) throw new Error(`No job's page after ${basename(file)} was sent: ${page.url()}`);
  return jobId;
}

/** Waits until the job's page, which stands open and is not loaded again, offers the result. */
export async function watchUntilDone(page: Page, timeoutMs: number): Promise<void> {
  await page.waitForSelector('[data-job-status="COMPLETED"]', { timeout: timeoutMs });
  await page.waitForSelector("[data-job-result]");
}

export async function clickDownload(page: Page): Promise<string> {
  try {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-job-result]")]);
    return readFileSync(await download.path(), "utf8");
  } catch (cause) {
    throw new Error(`Nothing was downloaded; the page is ${page.url()}`, { cause });
  }
}

/** Opens the log from the job's page, and goes back to it. */
export async function readLog(page: Page): Promise<string> {
  const jobUrl = page.url();
  await page.click("[data-job-log]");
  const text = (await page.textContent("pre.app-log")) ?? "";
  await page.goto(jobUrl);
  if (text.trim() === "") throw new Error("The log is empty.");
  return text;
}

/** The page refuses a file above the Free limit, with the way to Premium in its place. */
export async function seeRefusedInPage(page: Page, origin: string, file: string): Promise<string> {
  await page.goto(`${origin}/annotate`);
  await page.setInputFiles("[data-upload-file]", file);
  await page.waitForSelector("[data-upload-upgrade]");
  expectSame("the button that sends it", await page.isEnabled("[data-upload-send]"), false);
  return ((await page.textContent("[data-upload-note] strong")) ?? "").trim();
}

/** The server refuses it as well, when the page's script has no say. */
export async function seeRefusedByServer(page: Page, origin: string, file: string): Promise<string> {
  await page.goto(`${origin}/annotate`);
  await page.setInputFiles("[data-upload-file]", file);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname === "/annotate/job"),
    page.click("[data-upload-submit]"),
  ]);
  expectSame("the server's answer", answer.status(), 413);
  await page.waitForSelector('main a[href="/subscribe"]');
  return ((await page.textContent("main h1")) ?? "").trim();
}

/** From the profile to the payment page; a declined card first, then one that pays. */
export async function upgrade(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/profile`);
  await page.click("main a:has-text('Upgrade to Premium')");
  await page.click("main button:has-text('Continue to payment')");
  await page.waitForURL(/\/_stripe\/checkout\//);
  await page.fill("#card-number", DECLINED);
  await page.click("form button[type=submit]");
  await page.waitForSelector("#card-error");
  await page.fill("#card-number", CARD);
  await page.click("form button[type=submit]");
  await page.waitForURL(/\/subscribe\/done/);
  await page.waitForSelector("h1:has-text('You are Premium')");
}

export async function cancelPremium(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/profile`);
  await page.click("main a:has-text('Cancel Premium')");
  await page.click("main button:has-text('Cancel Premium')");
  await page.waitForURL(/\/profile$/);
}

export async function planOf(page: Page, origin: string): Promise<string> {
  await page.goto(`${origin}/profile`);
  return ((await page.textContent("section[aria-labelledby=plan] dd strong")) ?? "").trim();
}

/** Asks for the job's result as a link in a mail or a bookmark would: where the answer leads. */
export async function askForResult(requests: APIRequestContext, jobUrl: string): Promise<string> {
  const answer = await requests.get(`${jobUrl}/result`, { maxRedirects: 0 });
  return `${answer.status()} ${answer.headers().location ?? ""}`.trim();
}
