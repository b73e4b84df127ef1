import { access } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

/** Debian's Chromium, headless, without its attempts to reach the outside. */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const executablePath = "/usr/bin/chromium";
  await access(executablePath);
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return browser;
}

/** What axe finds on the page as it stands, one line each; by all its rules or by the ones named. */
export async function findViolations(page: Page, rules: readonly string[] = []): Promise<readonly string[]> {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules.length === 0 ? axe : axe.withRules([...rules])).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/** How many pixels of the page stand beyond the window's right edge. */
export function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

export interface PageOptions {
  readonly width?: number;
  readonly theme?: "light" | "dark";
  readonly script?: boolean;
}

/** An empty page in a context of its own; the test fails when a script of the page did. */
export async function openTestPage(
  browser: Browser,
  { width = 1440, theme = "light", script = true }: PageOptions = {},
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    javaScriptEnabled: script,
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  onTestFinished(() => expect(problems).toEqual([]));
  return page;
}
