import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import {
  launchBrowser,
  openPage,
  openTestPage,
  type PageOptions,
  type Session,
  type WatchedPage,
} from "../system/browser.ts";
import { type StagedCloud, startStagedCloud } from "./staged-cloud.ts";
import { ADMIN, makePools, startTestManager, type TestManager } from "./test-manager.ts";

/** A manager with its pages' scripts, a staged cloud, and a browser to look at it. */
export interface TestDashboard extends AsyncDisposable {
  readonly staged: StagedCloud;
  readonly manager: TestManager;
  readonly browser: Browser;
  /** A page of its own, signed in and live, `/` unless said; the test fails when a script of the page did. */
  open(options?: PageOptions & { readonly path?: string }): Promise<Page>;
  /** A page for many tests, signed in: a new page costs more than most that is looked at on it. */
  openForMany(): Promise<WatchedPage>;
}

export async function startTestDashboard(): Promise<TestDashboard> {
  const distFolder = join(import.meta.dirname, "../../../manager/dist");
  const staged = await startStagedCloud();
  const manager = await startTestManager({ cloud: staged.cloud, distFolder });
  await makePools(manager.db);
  const browser = await launchBrowser();
  let session: Session | undefined;
  return {
    staged,
    manager,
    browser,
    async open({ path = "/", ...options } = {}) {
      session ??= await signIn(browser, manager.url);
      const page = await openTestPage(browser, { session, ...options });
      await page.goto(manager.url + path);
      await page.waitForSelector(".connection b:text('Live')");
      return page;
    },
    async openForMany() {
      session ??= await signIn(browser, manager.url);
      return openPage(browser, { session });
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await manager[Symbol.asyncDispose]();
      await staged[Symbol.asyncDispose]();
    },
  };
}

async function signIn(browser: Browser, url: string): Promise<Session> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${url}/login`);
  await page.fill("#username", ADMIN.username);
  await page.fill("#password", ADMIN.password);
  await page.click("button[type=submit]");
  await page.waitForSelector(".connection b:text('Live')");
  const session = await context.storageState();
  await context.close();
  return session;
}
