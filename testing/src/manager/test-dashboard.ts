import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { expect, onTestFinished } from "vitest";
import { type StagedCloud, startStagedCloud } from "./staged-cloud.ts";
import { ADMIN, makePools, startTestManager, type TestManager } from "./test-manager.ts";

/** A manager with its pages' scripts, a staged cloud, and a browser to look at it. */
export interface TestDashboard extends AsyncDisposable {
  readonly staged: StagedCloud;
  readonly manager: TestManager;
  readonly browser: Browser;
  /** A page of its own, signed in; the test fails when a script of the page did. */
  open(options?: { readonly width?: number; readonly theme?: "light" | "dark" }): Promise<Page>;
}

export async function startTestDashboard(): Promise<TestDashboard> {
  const distFolder = await mkdtemp(join(tmpdir(), "dashboard-"));
  const configFile = join(import.meta.dirname, "../../../manager/vite.config.ts");
  await build({ configFile, logLevel: "error", build: { outDir: distFolder, emptyOutDir: true } });
  const staged = await startStagedCloud();
  const manager = await startTestManager({ cloud: staged.cloud, distFolder });
  await makePools(manager.db);
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  return {
    staged,
    manager,
    browser,
    open: (options) => openPage(browser, manager.url, options),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await manager[Symbol.asyncDispose]();
      await staged[Symbol.asyncDispose]();
      await rm(distFolder, { recursive: true });
    },
  };
}

async function openPage(
  browser: Browser,
  url: string,
  { width = 1440, theme = "light" }: { readonly width?: number; readonly theme?: "light" | "dark" } = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  onTestFinished(() => expect(problems).toEqual([]));
  await page.goto(`${url}/login`);
  await page.fill("#username", ADMIN.username);
  await page.fill("#password", ADMIN.password);
  await page.click("button[type=submit]");
  await page.waitForSelector(".connection b:text('Live')");
  return page;
}

/** What axe finds on the page as it stands, one line each. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}
