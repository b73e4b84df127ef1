import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { type Account, signIn } from "../../testing/src/system/sign-in.ts";
import type { RunningSystem } from "../../testing/src/system/system.ts";
import { annotate, PATIENCE_MS } from "./enliven.ts";

export const LOOKS = {
  light: { width: 1280, height: 800, theme: "light" },
  dark: { width: 1280, height: 800, theme: "dark" },
  narrow: { width: 360, height: 800, theme: "light" },
} as const;
export type LookName = keyof typeof LOOKS;

interface Shot {
  readonly name: string;
  readonly path: string;
  /** Where a screenful would cut off what the page is about. */
  readonly height?: number;
  /** What the page shall show before the picture is taken. */
  readonly arrange?: (page: Page) => Promise<unknown>;
}

const untilLive = (page: Page): Promise<unknown> => page.waitForSelector(".connection b:text('Live')");
const untilCharts = async (page: Page): Promise<unknown> => {
  await untilLive(page);
  return page.waitForSelector("canvas");
};

const MANAGER_SHOTS: readonly Shot[] = [
  { name: "pools", path: "/", height: 1_180, arrange: untilCharts },
  { name: "workers", path: "/workers?pool=web", arrange: untilCharts },
  {
    name: "decisions",
    path: "/decisions?pool=web",
    arrange: async (page) => {
      await untilLive(page);
      await page.locator(".entry:not(.entry-fold) summary").first().click();
    },
  },
  {
    name: "policy",
    path: "/policy/web",
    height: 1_180,
    arrange: async (page) => {
      await untilLive(page);
      await page.waitForSelector('[data-preview="panel"] canvas', { timeout: 60_000 });
      await page.fill("#growThresholdPercent", "60");
      await page.waitForSelector("[aria-label='Table of sizes'] th:has-text('Above 60')");
      await page.waitForSelector('[data-preview="outcome"] :text("with your changes")');
    },
  },
  { name: "alerts", path: "/alerts", arrange: untilLive },
  { name: "channels", path: "/alerts/channels", height: 1_060, arrange: untilLive },
  { name: "load-test", path: "/load-test", height: 1_380, arrange: untilCharts },
  {
    name: "report",
    path: "/login",
    height: 1_300,
    arrange: async (page) => {
      const report = await page.request.get(new URL("/report.html?range=30m", page.url()).href);
      // A file of its own, without the policy of the manager's pages.
      await page.goto("about:blank");
      await page.setContent(await report.text());
    },
  },
  { name: "users", path: "/users", arrange: untilLive },
  { name: "audit", path: "/audit", arrange: untilLive },
  { name: "tokens", path: "/tokens", arrange: untilLive },
  { name: "stop", path: "/settings/stop", arrange: untilLive },
  { name: "delete", path: "/settings/delete", arrange: untilLive },
];

/** An update under way: asked for last, as it replaces the workers that the other pictures show. */
const RELEASES: Shot = {
  name: "releases",
  path: "/releases",
  arrange: async (page) => {
    await untilLive(page);
    await page.waitForSelector("h2:has-text('Update under way')");
  },
};

const openJob = async (page: Page, name: string): Promise<unknown> => {
  await page.locator('main a[href^="/annotations/"]', { hasText: name }).first().click();
  return page.waitForSelector('[data-job-status="COMPLETED"], [data-job-status="FAILED"]');
};

const USER_SHOTS: readonly Shot[] = [
  {
    name: "job",
    path: "/annotations",
    height: 1_500,
    arrange: async (page) => {
      await openJob(page, "grch38.vcf");
      await page.waitForSelector("[data-chart] canvas");
    },
  },
  {
    name: "records",
    path: "/annotations",
    height: 900,
    arrange: async (page) => {
      await openJob(page, "grch38.vcf");
      await page.click("a:has-text('Filter the whole result')");
      await page.waitForURL(/\/records/);
    },
  },
  { name: "job-failed", path: "/annotations", arrange: (page) => openJob(page, "no-header-line.vcf") },
  { name: "annotate", path: "/annotate" },
  { name: "annotations", path: "/annotations" },
  { name: "masks", path: "/masks" },
  { name: "masks-history", path: "/masks/history" },
  {
    name: "masks-result",
    path: "/masks/history",
    arrange: async (page) => {
      await page.locator('main a[href^="/masks/"]:has(img)').first().click();
      await page.waitForSelector("[data-mask-faces]");
    },
  },
  { name: "subscribe", path: "/subscribe" },
  { name: "profile", path: "/profile" },
  { name: "not-found", path: "/nowhere" },
];

interface Camera {
  readonly browser: Browser;
  /** Gets `<app>-<page>-<look>.png`. */
  readonly folder: string;
}

export async function takeManagerPictures(
  { managerUrl, admin }: Pick<RunningSystem, "managerUrl" | "admin">,
  { browser, folder }: Camera,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const look of Object.keys(LOOKS) as LookName[]) {
    const page = await openPage(browser, look);
    const file = (name: string): string => join(folder, `manager-${name}-${look}.png`);
    await shoot(page, managerUrl, { name: "login", path: "/login" }, file("login"));
    await signIn(page, managerUrl, admin);
    for (const shot of MANAGER_SHOTS) await shoot(page, managerUrl, shot, file(shot.name));
    await page.context().close();
  }
}

/** Takes the page of releases while the workers are replaced by another release. */
export async function takeReleasePictures(
  system: Pick<RunningSystem, "managerUrl" | "admin" | "run">,
  { browser, folder }: Camera,
): Promise<void> {
  // Settings are part of a release: with another one, the same checkout is another release.
  await system.run("update", { LOG_LEVEL: "debug" });
  for (const look of Object.keys(LOOKS) as LookName[]) {
    const page = await openPage(browser, look);
    await signIn(page, system.managerUrl, system.admin);
    await shoot(page, system.managerUrl, RELEASES, join(folder, `manager-releases-${look}.png`));
    await page.context().close();
  }
}

export async function takeUserAppPictures(
  { userAppUrl }: Pick<RunningSystem, "userAppUrl">,
  { browser, folder }: Camera,
  user: Account,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const look of Object.keys(LOOKS) as LookName[]) {
    const page = await openPage(browser, look);
    const file = (name: string): string => join(folder, `user-app-${name}-${look}.png`);
    await shoot(page, userAppUrl, { name: "home", path: "/" }, file("home"));
    await signIn(page, userAppUrl, user);
    // A result can be downloaded for some minutes: each look shows one of its own.
    await annotate(page, userAppUrl, "GRCh38");
    for (const shot of USER_SHOTS) await shoot(page, userAppUrl, shot, file(shot.name));
    await page.context().close();
  }
}

async function openPage(browser: Browser, look: LookName): Promise<Page> {
  const { width, height, theme } = LOOKS[look];
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: 1,
    colorScheme: theme,
    reducedMotion: "reduce",
    timezoneId: "America/Chicago",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  return page;
}

async function shoot(page: Page, origin: string, { path, height, arrange }: Shot, file: string): Promise<void> {
  const { width = 0, height: usual = 0 } = page.viewportSize() ?? {};
  const isTall = height !== undefined && width >= 1_000;
  if (isTall) await page.setViewportSize({ width, height });
  await page.goto(origin + path);
  await arrange?.(page);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForLoadState("networkidle").catch(() => {}); // live pages may never be idle
  const png = await page.screenshot({ animations: "disabled" });
  // Pages have few colours: a palette takes a third of the bytes.
  await sharp(png).png({ palette: true, colours: 128, effort: 8 }).toFile(file);
  if (isTall) await page.setViewportSize({ width, height: usual });
}
