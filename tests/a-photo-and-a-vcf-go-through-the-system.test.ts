import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { launchBrowser } from "../testing/src/system/browser.ts";
import { type RunningSystem, startSystem } from "../testing/src/system/system.ts";
import { waitUntil } from "../testing/src/wait-until.ts";

const VCF = join(import.meta.dirname, "../samples/vcf/grch38.vcf");
const MASKS = join(import.meta.dirname, "../samples/pictures");
const Mails = z.array(z.object({ to: z.unknown(), subject: z.string(), text: z.string() }));

describe("one machine", () => {
  let system: RunningSystem;
  let browser: Browser;

  beforeAll(async () => {
    system = await startSystem();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await system?.[Symbol.asyncDispose]();
  });

  async function openPage(): Promise<Page> {
    const context = await browser.newContext({ acceptDownloads: true });
    onTestFinished(() => context.close());
    return context.newPage();
  }

  async function mailsTo(address: string) {
    return Mails.parse(await (await fetch(`${system.cloudUrl}/_mail/messages.json?to=${address}`)).json());
  }

  async function signIn(page: Page, origin: string, username: string, password: string): Promise<void> {
    await page.goto(`${origin}/login`);
    await page.fill('input[name="username"]', username);
    await page.fill('input[name="password"]', password);
    await page.click('form button[type="submit"]');
    await page.waitForURL((url) => url.pathname !== "/login");
  }

  test.each(photos())("gen.py's upload of %s finds %i faces, %i masked", async (file, faces, masked, unmasked) => {
    const username = `ta-${file}`;
    const registered = await fetch(`${system.userAppUrl}/api/register`, {
      method: "POST",
      body: new URLSearchParams({ username, password: "pass" }),
    });
    expect(await registered.json()).toEqual({ success: true });
    const form = new FormData();
    // As gen.py does: the file first, as application/octet-stream.
    form.set("file", new Blob([readFileSync(join(MASKS, file))], { type: "application/octet-stream" }), file);
    form.set("username", username);
    form.set("password", "pass");
    const uploaded = await fetch(`${system.userAppUrl}/api/upload`, { method: "POST", body: form });
    expect(await uploaded.json()).toEqual({
      success: true,
      payload: { num_faces: faces, num_masked: masked, num_unmasked: unmasked },
    });
  });

  test("an administrator invites a user, who chooses a password, uploads a VCF, sees it completed, downloads it and gets a mail", async () => {
    const admin = await openPage();
    await signIn(admin, system.managerUrl, system.admin.username, system.admin.password);
    await admin.goto(`${system.managerUrl}/users`);
    await admin.fill('form[action="/users"][method="post"] input[name="username"]', "mreyes");
    await admin.fill('form[action="/users"][method="post"] input[name="email"]', "mreyes@example.org");
    await admin.click('form[action="/users"][method="post"] button[type="submit"]');
    await admin.waitForSelector("text=invited, not yet accepted");
    const link = await waitUntil("the invitation", async () => {
      const texts = (await mailsTo("mreyes@example.org")).map(({ text }) => text);
      return texts.map((text) => /http\S+\/reset\/\S+/.exec(text)?.[0]).find((found) => found !== undefined);
    });

    const page = await openPage();
    await page.goto(link);
    await page.fill('input[name="password"]', "a long password");
    await page.click('main form button[type="submit"]');
    await page.waitForURL(/\/login/);
    await signIn(page, system.userAppUrl, "mreyes", "a long password");
    await page.goto(`${system.userAppUrl}/annotate`);
    await page.setInputFiles("[data-upload-file]", VCF);
    await page.click("[data-upload-send]");
    await page.waitForURL(/\/annotate\/job|\/annotations\//);
    await page.click('a[href^="/annotations/"]:not([href$="/annotations/"])');
    await page.waitForSelector('[data-job-status="COMPLETED"]', { timeout: 120_000 });

    const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-job-result]")]);
    const result = readFileSync(await download.path(), "utf8");
    const input = readFileSync(VCF, "utf8");
    expect(recordsOf(result)).toHaveLength(recordsOf(input).length);
    expect(result).toContain("GAS_GENE=");

    const jobUrl = page.url().replace(/[?#].*/, "");
    const mail = await waitUntil("the mail about the job", async () => {
      return (await mailsTo("mreyes@example.org")).find(({ text }) => text.includes(jobUrl));
    });
    expect(mail.subject).toMatch(/grch38\.vcf/);
  });

  test("a user cannot see another's job", async () => {
    const page = await openPage();
    await signIn(page, system.userAppUrl, "mreyes", "a long password");
    await page.goto(`${system.userAppUrl}/annotations`);
    const href = await page.getAttribute('a[href^="/annotations/"]', "href");
    const other = await openPage();
    await signIn(other, system.userAppUrl, system.admin.username, system.admin.password);
    const response = await other.goto(`${system.userAppUrl}${href}`);
    expect(response?.status()).toBe(403);
    expect(await other.textContent("main")).toContain("Not authorized to view this job");
  });

  test("the manager shows the workers of all pools and the sentence of the last decision", async () => {
    const page = await openPage();
    await signIn(page, system.managerUrl, system.admin.username, system.admin.password);
    await page.goto(`${system.managerUrl}/workers`);
    await page.waitForSelector("text=/i-[0-9a-f]{8,}/");
    await page.goto(`${system.managerUrl}/decisions`);
    await page.waitForSelector("main");
    expect(await page.textContent("main")).toMatch(/fixed at 1 worker/i);
  });
});

function photos(): readonly (readonly [string, number, number, number])[] {
  return readFileSync(join(MASKS, "truth.csv"), "utf8")
    .split("\n")
    .map((line) => line.trim().split(","))
    .filter(([file]) => file === "mixed-three.jpg" || file === "one-masked.jpg")
    .map(([file = "", faces, masked, unmasked]) => [file, Number(faces), Number(masked), Number(unmasked)]);
}

function recordsOf(vcf: string): readonly string[] {
  return vcf.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}
