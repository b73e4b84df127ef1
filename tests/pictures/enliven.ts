import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { type Account, signIn } from "../../testing/src/system/sign-in.ts";
import { type RunningSystem, SAMPLES } from "../../testing/src/system/system.ts";

export const USER: Account = { username: "mreyes", password: "a long password" };
const PHOTOS = ["one-masked.jpg", "wide-six.jpg", "two-masked.jpg", "no-face.jpg", "one-bare.jpg", "mixed-three.jpg"];
/** Photos a second at the peak of the load: what one worker of a small machine takes, so that the pool grows. */
const PEAK = 1;
/** The machine is busy with the load that makes the pictures lively. */
export const PATIENCE_MS = 90_000;

/**
 * What a day brings, in minutes: a load test, so that the web pool grows and shrinks; a worker more and less by hand; a
 * policy tried and undone; users, one of them with photos and annotated files.
 */
export async function enliven(system: RunningSystem, browser: Browser, minutes: number): Promise<void> {
  const admin = await (await browser.newContext()).newPage();
  admin.setDefaultTimeout(PATIENCE_MS);
  await signIn(admin, system.managerUrl, system.admin);
  await createUsers(admin, system);
  await useAsUser(system, browser);
  await startLoadTest(admin, system, minutes);
  const end = Date.now() + minutes * 60_000;
  await useAsAdmin(admin, system);
  await pause(Math.max(0, end - Date.now()));
  await growWeb(admin, system);
  await admin.context().close();
}

async function createUsers(page: Page, { managerUrl }: RunningSystem): Promise<void> {
  for (const { username, password } of [USER, { username: "kchen", password: "" }]) {
    await page.goto(`${managerUrl}/users`);
    await page.fill("#new-username", username);
    await page.fill("#new-email", `${username}@example.org`);
    await page.fill("#new-password", password);
    await page.click("button:has-text('Create user')");
    await page.waitForSelector(`text=${username} was created`);
  }
}

async function startLoadTest(page: Page, { managerUrl }: RunningSystem, minutes: number): Promise<void> {
  await page.goto(`${managerUrl}/load-test`);
  await page.fill("#load-rate", String(PEAK));
  await page.fill("#load-minutes", String(Math.max(1, Math.floor(minutes))));
  await page.selectOption("#load-shape", "step");
  await page.click("button:has-text('Start load test')");
  await page.waitForSelector("button:has-text('End now')");
}

async function useAsUser({ userAppUrl }: RunningSystem, browser: Browser): Promise<void> {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await signIn(page, userAppUrl, USER);
  for (const photo of PHOTOS) {
    await page.goto(`${userAppUrl}/masks`);
    await page.setInputFiles("#mask-file", join(SAMPLES, "pictures", photo));
    await page.waitForURL(/\/masks\/[0-9a-f-]{36}/);
  }
  for (const sample of ["GRCh37", "One that fails", "GRCh38"]) await annotate(page, userAppUrl, sample);
  await page.context().close();
}

/** Sends one of the samples by its button; done when its job stands on the page. */
export async function annotate(page: Page, userAppUrl: string, sample: string): Promise<void> {
  await page.goto(`${userAppUrl}/annotate`);
  await page.click(`button:has-text("${sample}")`);
  await page.waitForURL(/\/annotate\/job|\/annotations\//);
}

async function useAsAdmin(page: Page, { managerUrl }: RunningSystem): Promise<void> {
  await page.goto(managerUrl);
  await page.click('button[aria-label="Grow annotator by 1"]');
  await page.waitForSelector(".toast-line");
  await page.goto(`${managerUrl}/policy/web`);
  await page.fill("#growRatio", "1.5");
  await page.click("[data-save]");
  await page.waitForSelector("text=Saved as v");
  await page.fill("#growRatio", "2");
  await page.click("[data-save]");
  await page.waitForSelector("text=Saved as v");
  await page.goto(`${managerUrl}/tokens`);
  await page.fill("#token-name", "load test");
  await page.click("button:has-text('Create token')");
  await page.waitForSelector("text=shown only now");
  await page.goto(`${managerUrl}/alerts/channels`);
  await page.fill("#new-target", "oncall@example.org");
  await page.fill("#new-name", "On call");
  await page.click("button:has-text('Add channel')");
  await page.click("button:has-text('Send a test')");
  await page.waitForLoadState();
}

/** So that there is more than one worker to look at. */
async function growWeb(page: Page, { managerUrl }: RunningSystem): Promise<void> {
  await page.goto(managerUrl);
  for (let more = 0; more < 2; more += 1) {
    const answered = page.waitForResponse((response) => response.url().endsWith("/pools/web/grow"));
    await page.click('button[aria-label="Grow web by 1"]');
    await answered;
  }
  const card = page.locator('[data-pool="web"]');
  await card.locator(":text('pending'), :text('warming')").first().waitFor();
  await card.locator(":text('all in service')").waitFor({ timeout: 300_000 });
}
