import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { type Account, signIn } from "../../testing/src/system/sign-in.ts";
import { type RunningSystem, SAMPLES } from "../../testing/src/system/system.ts";

export const USER: Account = { username: "mreyes", password: "a long password" };
const LOADER: Account = { username: "load", password: "pass" };
const PHOTOS = ["one-masked.jpg", "mixed-three.jpg", "two-masked.jpg", "no-face.jpg", "one-bare.jpg"];

/**
 * What a day brings, in minutes: photos at a changing rate, so that the web pool grows and shrinks; a worker more and
 * less by hand; a policy tried and undone; a user with photos and annotated files.
 */
export async function enliven(system: RunningSystem, browser: Browser, minutes: number): Promise<void> {
  const admin = await (await browser.newContext()).newPage();
  await signIn(admin, system.managerUrl, system.admin);
  await createUser(admin, system, USER);
  const load = runLoad(system, minutes);
  await useAsUser(system, browser);
  await useAsAdmin(admin, system);
  await load;
  await growWeb(admin, system);
  await admin.context().close();
}

async function createUser(page: Page, { managerUrl }: RunningSystem, { username, password }: Account): Promise<void> {
  await page.goto(`${managerUrl}/users`);
  await page.fill("#new-username", username);
  await page.fill("#new-email", `${username}@example.org`);
  await page.fill("#new-password", password);
  await page.click("button:has-text('Create user')");
  await page.waitForSelector(`text=${username} was created`);
}

async function useAsUser({ userAppUrl }: RunningSystem, browser: Browser): Promise<void> {
  const page = await (await browser.newContext()).newPage();
  await signIn(page, userAppUrl, USER);
  for (const photo of PHOTOS) {
    await page.goto(`${userAppUrl}/masks`);
    await page.setInputFiles("#mask-file", join(SAMPLES, "pictures", photo));
    if (new URL(page.url()).pathname === "/masks") await page.click("[data-mask-submit]").catch(() => {});
    await page.waitForURL(/\/masks\/[0-9a-f-]{36}/, { timeout: 60_000 });
  }
  for (const file of ["grch37.vcf", "grch38.vcf"]) {
    await page.goto(`${userAppUrl}/annotate`);
    await page.setInputFiles("[data-upload-file]", join(SAMPLES, "vcf", file));
    await page.click("[data-upload-send]");
    await page.waitForURL(/\/annotate\/job|\/annotations\//, { timeout: 60_000 });
  }
  await page.context().close();
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

/** Photos per second at each part of the time; one worker of the local cloud takes about one. */
const RATES = [0.2, 0.3, 1.2, 2.2, 2.4, 1.2, 0.5, 0.2, 0.15, 0.3, 0.5, 0.4];

async function runLoad({ userAppUrl }: RunningSystem, minutes: number): Promise<void> {
  await fetch(`${userAppUrl}/api/register`, { method: "POST", body: new URLSearchParams({ ...LOADER }) });
  const photo = readFileSync(join(SAMPLES, "pictures/one-masked.jpg"));
  const start = Date.now();
  const open = new Set<Promise<void>>();
  for (;;) {
    const share = (Date.now() - start) / (minutes * 60_000);
    if (share >= 1) break;
    if (open.size < 20) {
      const sending = upload(userAppUrl, photo).finally(() => open.delete(sending));
      open.add(sending);
    }
    await pause(1_000 / (RATES[Math.floor(share * RATES.length)] ?? 1));
  }
  await Promise.all(open);
}

async function upload(userAppUrl: string, photo: Buffer<ArrayBuffer>): Promise<void> {
  const form = new FormData();
  form.set("file", new Blob([photo]), "photo.jpg");
  form.set("username", LOADER.username);
  form.set("password", LOADER.password);
  // A busy pool refuses for a moment; that is part of the picture.
  await fetch(`${userAppUrl}/api/upload`, { method: "POST", body: form, signal: AbortSignal.timeout(60_000) })
    .then((response) => response.text())
    .catch(() => {});
}
