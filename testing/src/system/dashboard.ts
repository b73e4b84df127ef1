import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { type Account, signIn } from "./sign-in.ts";
import type { RunningSystem } from "./system.ts";

/** A page of its own, signed in to the manager; the test fails when a script of the page did. */
export async function openDashboard(
  browser: Browser,
  { managerUrl, admin }: Pick<RunningSystem, "managerUrl" | "admin">,
  { account = admin, mayFail = false }: { readonly account?: Account; readonly mayFail?: boolean } = {},
): Promise<Page> {
  const context: BrowserContext = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  if (!mayFail) page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  await signIn(page, managerUrl, account);
  await untilLive(page);
  return page;
}

export async function untilLive(page: Page): Promise<void> {
  await page.waitForSelector(".connection b:text('Live')");
}
