import axeCore, { type AxeResults, type RunOptions } from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { findChromium } from "./find-chromium.ts";

/** Debian's Chromium from the PATH, headless, without its attempts to reach the outside. */
export async function launchBrowser(): Promise<Browser & AsyncDisposable> {
  const executablePath = await findChromium();
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-gpu-rasterization",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // A page of ours needs one process, not two.
      "--disable-site-isolation-trials",
    ],
  });
  return browser;
}

/** What axe finds on the page as it stands, one line each; by all its rules or by the ones named. */
export async function findViolations(page: Page, rules: readonly string[] = []): Promise<readonly string[]> {
  // Reading axe's source costs a page more than most of its rules: once per page.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeCore.source);
  const violations = await page.evaluate(async (only) => {
    const { axe } = window as unknown as { axe: { run(context: Document, options: RunOptions): Promise<AxeResults> } };
    const options: RunOptions = { resultTypes: ["violations"] };
    if (only.length > 0) options.runOnly = { type: "rule", values: [...only] };
    return (await axe.run(document, options)).violations;
  }, rules);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/** How many pixels of the page stand beyond the window's right edge. */
function sidewaysOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

const WIDTHS = [360, 768, 992, 2560] as const;

/**
 * What is wrong with a page as one sees it, an item for each: axe's findings in both themes, and pixels beyond the
 * right edge from a phone's width to a large screen's. The dark theme changes colours and nothing else, so its contrast
 * is what is judged.
 */
export async function findPageProblems(page: Page): Promise<readonly string[]> {
  const problems = [...(await findViolations(page))];
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForSelector("html[data-bs-theme=dark]");
  for (const found of await findViolations(page, ["color-contrast"])) problems.push(`dark: ${found}`);
  const size = page.viewportSize();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    // Charts follow a moment after the window.
    const fits = () => document.documentElement.scrollWidth <= document.documentElement.clientWidth;
    await page.waitForFunction(fits, null, { timeout: 30_000 }).catch(() => undefined);
    const over = await sidewaysOverflow(page);
    if (over > 0) problems.push(`at ${width} pixels: ${over} pixels too wide`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  if (size !== null) await page.setViewportSize(size);
  return problems;
}

export type Session = Awaited<ReturnType<BrowserContext["storageState"]>>;

export interface FirstVisit {
  /** Over the wire, with headers: page, styles, scripts, fonts. */
  readonly bytes: number;
  /** How far parts of the page moved while it loaded, as browsers count it; below 0.1 is good. */
  readonly layoutShift: number;
}

/** Loads the page again as a browser that has none of its files yet. */
export async function visitFirst(page: Page): Promise<FirstVisit> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await page.reload({ waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
  const layoutShift = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          const shifts = list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[];
          resolve(shifts.reduce((sum, { value, hadRecentInput }) => sum + (hadRecentInput ? 0 : value), 0));
        }).observe({ type: "layout-shift", buffered: true });
        // No entry at all: nothing moved.
        setTimeout(() => resolve(0), 500);
      }),
  );
  await session.detach();
  return { bytes, layoutShift };
}

export interface PageOptions {
  readonly width?: number;
  readonly theme?: "light" | "dark";
  readonly script?: boolean;
  /** The cookies of a page that signed in before. */
  readonly session?: Session | undefined;
}

export interface WatchedPage {
  readonly page: Page;
  /** What the page's scripts failed with so far. */
  readonly problems: string[];
}

/** An empty page in a context of its own, which ends with the browser. */
export async function openPage(
  browser: Browser,
  { width = 1440, theme = "light", script = true, session }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    javaScriptEnabled: script,
    reducedMotion: "reduce",
    ...(session === undefined ? {} : { storageState: session }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  return { page, problems };
}

/** An empty page of one test, in a context of its own; the test fails when a script of the page did. */
export async function openTestPage(browser: Browser, options: PageOptions = {}): Promise<Page> {
  const { page, problems } = await openPage(browser, options);
  onTestFinished(() => page.context().close());
  onTestFinished(() => expect(problems).toEqual([]));
  return page;
}
