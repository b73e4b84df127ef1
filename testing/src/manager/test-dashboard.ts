import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { launchBrowser, openTestPage, type PageOptions, type Session } from "../system/browser.ts";
import { type StagedCloud, startStagedCloud } from "./staged-cloud.ts";
import { ADMIN, makePools, startTestManager, type TestManager } from "./test-manager.ts";

/** A manager with its pages' scripts, a staged cloud, and a browser to look at it. */
export interface TestDashboard extends AsyncDisposable {
  readonly staged: StagedCloud;
  readonly manager: TestManager;
  readonly browser: Browser;
  /** A page of its own, signed in; the test fails when a script of the page did. */
  open(options?: PageOptions): Promise<Page>;
}

export async function startTestDashboard(): Promise<TestDashboard> {
  const distFolder = await mkdtemp(join(tmpdir(), "dashboard-"));
  const configFile = join(import.meta.dirname, "../../../manager/vite.config.ts");
  await build({ configFile, logLevel: "error", build: { outDir: distFolder, emptyOutDir: true } });
  const staged = await startStagedCloud();
  const manager = await startTestManager({ cloud: staged.cloud, distFolder });
  await makePools(manager.db);
  const browser = await launchBrowser();
  let session: Session | undefined;
  return {
    staged,
    manager,
    browser,
    async open(options) {
      session ??= await signIn(browser, manager.url);
      const page = await openTestPage(browser, { session, ...options });
      await page.goto(manager.url);
      await page.waitForSelector(".connection b:text('Live')");
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await manager[Symbol.asyncDispose]();
      await staged[Symbol.asyncDispose]();
      await rm(distFolder, { recursive: true });
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
