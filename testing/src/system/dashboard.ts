import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import type { Session } from "./browser.ts";
import { type Account, signIn } from "./sign-in.ts";
import type { RunningSystem } from "./system.ts";

/** The administrator's cookies of the last sign-in: later pages need none of their own while that lasts. */
const SESSIONS = new WeakMap<Browser, Session>();

/** A page of its own, signed in to the manager and live; the test fails when a script of the page did. */
export async function openDashboard(
  browser: Browser,
  { managerUrl, admin }: Pick<RunningSystem, "managerUrl" | "admin">,
  {
    path = "/",
    account = admin,
    mayFail = false,
  }: { readonly path?: string; readonly account?: Account; readonly mayFail?: boolean } = {},
): Promise<Page> {
  const session = account === admin ? SESSIONS.get(browser) : undefined;
  const context: BrowserContext = await browser.newContext({
    ...(session === undefined ? {} : { storageState: session }),
    viewport: { width: 1440, height: 900 },
    reducedMotion: "reduce",
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
  if (session !== undefined) await page.goto(managerUrl + path);
  if (session === undefined || new URL(page.url()).pathname === "/login") {
    await signIn(page, managerUrl, account);
    if (account === admin) SESSIONS.set(browser, await context.storageState());
    if (path !== "/") await page.goto(managerUrl + path);
  }
  await untilLive(page);
  return page;
}

export async function untilLive(page: Page): Promise<void> {
  await page.waitForSelector(".connection b:text('Live')");
}
