import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { type Account, signIn } from "../../testing/src/system/sign-in.ts";
import type { RunningSystem } from "../../testing/src/system/system.ts";

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

/** The machine may be busy with the load that makes the pictures lively. */
const PATIENCE_MS = 90_000;

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
  { name: "load-test", path: "/load-test", height: 1_180, arrange: untilCharts },
  { name: "users", path: "/users", arrange: untilLive },
  { name: "audit", path: "/audit", arrange: untilLive },
  { name: "tokens", path: "/tokens", arrange: untilLive },
  { name: "stop", path: "/settings/stop", arrange: untilLive },
  { name: "delete", path: "/settings/delete", arrange: untilLive },
];

const USER_SHOTS: readonly Shot[] = [
  { name: "annotate", path: "/annotate" },
  { name: "annotations", path: "/annotations" },
  {
    name: "job",
    path: "/annotations",
    height: 1_060,
    arrange: async (page) => {
      await page.locator('main a[href^="/annotations/"]').first().click();
      await page.waitForSelector("[data-job-status]");
    },
  },
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
  // The faces belong to people who did not ask to stand in a manual.
  await page.evaluate(() => {
    for (const image of document.querySelectorAll<HTMLElement>("main img")) {
      image.style.filter = `blur(${Math.max(6, Math.round(image.clientWidth / 40))}px)`;
    }
  });
  const png = await page.screenshot({ animations: "disabled" });
  // Pages have few colours: a palette takes a third of the bytes.
  await sharp(png).png({ palette: true, colours: 128, effort: 8 }).toFile(file);
  if (isTall) await page.setViewportSize({ width, height: usual });
}
