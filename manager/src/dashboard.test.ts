import { readFile } from "node:fs/promises";
import { insertRelease } from "@elastic-gas/shared/releases/releases";
import { startTestDashboard, type TestDashboard } from "@elastic-gas/testing/manager/test-dashboard";
import { ADMIN, checkRow } from "@elastic-gas/testing/manager/test-manager";
import { CURRENT_RELEASE, useRelease } from "@elastic-gas/testing/releases";
import { findPageProblems, findViolations, visitFirst, type WatchedPage } from "@elastic-gas/testing/system/browser";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { LIVE_NAMESPACE } from "./pages/live/live-events.ts";

const PAGES = [
  "/",
  "/workers",
  "/decisions",
  "/policy/web",
  "/alerts",
  "/alerts/channels",
  "/releases",
  "/users",
  "/audit",
  "/tokens",
  "/settings/stop",
  "/charts/web/cpu",
  "/workers/i-0a3f92c41be07d586/values",
];
const MINUTE_MS = 60_000;

let dashboard: TestDashboard;
let staged: TestDashboard["staged"];
let manager: TestDashboard["manager"];
const open: TestDashboard["open"] = (options) => dashboard.open(options);

beforeAll(async () => {
  dashboard = await startTestDashboard();
  ({ staged, manager } = dashboard);
  await stageFleet();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

let changedAt: number;

/** Two workers that serve, one that boots; half an hour of checks; one change. */
async function stageFleet(): Promise<void> {
  const now = Date.now();
  changedAt = now - MINUTE_MS;
  staged.stage.workers = [
    { id: "i-0a3f92c41be07d586", pool: "web", health: "healthy", ageSeconds: 7_200 },
    { id: "i-07be1d5520f9a4c13", pool: "web", health: "healthy", ageSeconds: 7_200 },
    { id: "i-03a7e9c15d4f86b20", pool: "web", state: "pending", ageSeconds: 20 },
  ];
  staged.stage.metric = (metric) =>
    ({ CPUUtilization: 48, RequestCount: 90, HealthyHostCount: 2, TargetResponseTime: 0.06 })[metric];
  await manager.db.updateTable("pools").set({ desired: 3 }).where("name", "=", "web").execute();
  await manager.db
    .insertInto("activities")
    .values({
      pool: "web",
      at: new Date(changedAt),
      cause: "policy",
      actor: "autoscaler",
      desiredBefore: 2,
      desiredAfter: 3,
      measured: 78.2,
      forecast: null,
      reason: "web grew 2 → 3: mean CPU 78.2 % is above 70 %.",
      instanceIds: JSON.stringify(["i-03a7e9c15d4f86b20"]),
      result: null,
      finishedAt: null,
      epoch: 1,
    })
    .execute();
  for (let minute = 30; minute >= 0; minute -= 1) {
    const grew = {
      kind: "grow",
      reason: "web grew 2 → 3: mean CPU 78.2 % is above 70 %.",
      facts: JSON.stringify({ outcome: "grew", unit: "%" }),
    } as const;
    await manager.db
      .insertInto("decisions")
      .values(
        checkRow(new Date(now - minute * MINUTE_MS), {
          desiredBefore: minute > 0 ? 2 : 3,
          desiredAfter: minute > 1 ? 2 : 3,
          pending: minute > 1 ? 0 : 1,
          ...(minute === 1 ? grew : {}),
        }),
      )
      .execute();
  }
}

/** A check just now, as of an autoscaler that runs: those that were staged grow old while the tests do. */
async function addCheck(): Promise<void> {
  const row = checkRow(new Date(), { desiredBefore: 3, desiredAfter: 3, pending: 1 });
  await manager.db.insertInto("decisions").values(row).execute();
}

/** A change by hand, of now. */
async function addActivity(change: {
  readonly pool: "web" | "utility";
  readonly actor: string;
  readonly reason: string;
}): Promise<void> {
  await manager.db
    .insertInto("activities")
    .values({
      ...change,
      at: new Date(),
      cause: "manual",
      desiredBefore: 1,
      desiredAfter: 2,
      measured: null,
      forecast: null,
      instanceIds: "[]",
      result: null,
      finishedAt: null,
      epoch: 1,
    })
    .execute();
}

describe("every page, without accessibility violations in both themes, and never scrolled sideways", () => {
  let one: WatchedPage;
  beforeAll(async () => {
    one = await dashboard.openForMany();
  });

  it.each(PAGES)("%s", async (path) => {
    await one.page.goto(manager.url + path);
    await one.page.waitForSelector(".connection b:text('Live')");
    expect([...(await findPageProblems(one.page)), ...one.problems.splice(0)]).toEqual([]);
  });
});

describe("the dashboard in a browser", () => {
  it("sends less than 150 KB to who opens it for the first time, and moves nothing while it loads", async () => {
    const page = await open();
    const { bytes, layoutShift } = await visitFirst(page);
    console.info(`first visit of the pools page: ${bytes} bytes`);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(150_000);
    expect(layoutShift).toBeLessThan(0.1);
  });

  it("draws the charts and says in words what they show", async () => {
    const page = await open();
    const cpu = page.locator('[data-chart="cpu"] canvas');
    await cpu.waitFor();
    expect(await cpu.getAttribute("aria-label")).toMatch(
      /^web: mean CPU, the past 30 minutes: 48\s% to 48\s%, now 48\s%/,
    );
    const flag = page.locator('[data-chart="workers"] .chart-flag');
    expect(await flag.getAttribute("aria-label")).toContain("web grew 2 → 3");
    await cpu.focus();
    await page.keyboard.press("ArrowLeft");
    await page.click('[data-chart="cpu"] [data-chart-table]');
    expect(await page.locator('[data-chart="cpu"] tbody tr').count()).toBe(30);
  });

  it("keeps a change's flag at its line, from the first drawing on and when the window gets narrower", async () => {
    const page = await open();
    await page.locator('[data-chart="workers"] .chart-flag').waitFor();
    for (const width of [1440, 1000]) {
      await page.setViewportSize({ width, height: 900 });
      // Its line stands as far from the right edge as the change is ago; the left 50 pixels belong to the axis.
      await page.waitForFunction((at) => {
        const plot = document.querySelector('[data-chart="workers"] canvas')?.getBoundingClientRect();
        const flag = document.querySelector('[data-chart="workers"] .chart-flag')?.getBoundingClientRect();
        if (plot === undefined || flag === undefined) return false;
        const right = ((Date.now() - at) / 1_800_000) * (plot.width - 52);
        return Math.abs(plot.right - right - (flag.left + flag.width / 2)) < 20;
      }, changedAt);
    }
  });

  it("grows by one click, without a reload, and refuses at the limit with the reason", async () => {
    const page = await open();
    await page.click('[data-pool="web"] button[aria-label="Grow web by 1"]');
    await page.waitForSelector(".toast-line:has-text('web: desired 3 → 4')");
    await page.waitForSelector('[data-pool="web"] :text("of 4 in service")');
    await manager.db.updateTable("pools").set({ desired: 8 }).where("name", "=", "web").execute();
    const grow = page.locator('[data-pool="web"] button[aria-label="Grow web by 1: at the maximum of 8"]');
    await grow.waitFor();
    expect(await grow.isDisabled()).toBe(true);
    await manager.db.updateTable("pools").set({ desired: 3 }).where("name", "=", "web").execute();
  });

  it("shows a new worker by itself, and finds it by its id", async () => {
    const page = await open({ path: "/workers" });
    staged.stage.workers = [
      ...staged.stage.workers,
      { id: "i-0fresh00000000001", pool: "web", state: "pending", ageSeconds: 1 },
    ];
    await page.waitForSelector('[data-worker="i-0fresh00000000001"]');
    await page.keyboard.press("/");
    await page.keyboard.type("fresh");
    await page.waitForFunction(() => document.querySelectorAll("[data-worker]").length === 1);
    expect(page.url()).toContain("filter=fresh");
    await page.fill("#filter", "nothing like it");
    await page.waitForSelector("text=No worker matches");
  });

  it("has the values behind a worker's charts as a table and as CSV, a click away", async () => {
    const page = await open({ path: "/workers" });
    const worker = page.locator('[data-worker="i-0a3f92c41be07d586"]');
    await worker.locator("summary").click();
    await worker.locator("a:text('Charts as a table')").click();
    await page.waitForSelector("h1:text('i-0a3f92c41be07d586')");
    expect(await page.locator("thead th").allTextContents()).toEqual(["period from", "CPU %", "requests per min"]);
    expect(await page.locator("tbody tr").count()).toBe(30);
    expect(await page.locator("tbody tr:nth-child(15) td.eg-number").allTextContents()).toEqual(["48", "90"]);
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("a:text('CSV')")]);
    expect(download.suggestedFilename()).toBe("i-0a3f92c41be07d586-30m.csv");
    const [head, first] = (await readFile(await download.path(), "utf8")).split("\r\n");
    expect(head).toBe("period_from,CPU_%,requests_per_min");
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z,48,90$/);
  });

  it("says which worker is hot: by its figures, in the strip, and by a click on a column's head", async () => {
    const cool = "i-0a3f92c41be07d586";
    const before = staged.stage.metric;
    onTestFinished(() => {
      staged.stage.metric = before;
    });
    const page = await open({ path: "/workers" });
    const row = page.locator(`[data-worker="${cool}"]`);
    expect(await row.locator(".worker-load").textContent()).toMatch(/^CPU 48\s%, 90 requests\/min$/);
    await page.getByRole("link", { name: `${cool}, in service: CPU 48\u00a0%, 90 requests/min` }).waitFor();
    // The next reading finds one of them busy.
    staged.stage.metric = (metric, id, at) =>
      metric === "CPUUtilization" && id === "i-07be1d5520f9a4c13" ? 93 : before(metric, id, at);
    await page.click('a[data-sort-by="cpu"]');
    await page.waitForFunction(() => location.search.includes("sort=cpu"));
    await page.waitForSelector('[data-worker]:first-child[data-worker="i-07be1d5520f9a4c13"] :text("93 %")', {
      timeout: 90_000,
    });
    expect(await page.locator(".heat-words").textContent()).toMatch(/^Most CPU: i-07be1d5520f9a4c13, 93\s%$/);
  }, 120_000);

  it("puts the server's reason beside a field while it is typed", async () => {
    const page = await open({ path: "/policy/web" });
    await page.fill("#shrinkThresholdPercent", "66");
    await page.waitForSelector("#shrinkThresholdPercent-error:has-text('at least 5 points')");
    expect(await page.locator("[data-save]").isDisabled()).toBe(true);
    await page.fill("#shrinkThresholdPercent", "35");
    await page.waitForSelector("text=What each size would do");
    expect(await page.locator("[data-save]").isDisabled()).toBe(false);
  });

  it("says since when it is offline, holds its buttons, and tells on return what changed meanwhile", async () => {
    await addCheck();
    const page = await open();
    let cut = false;
    const lines: { close(): Promise<void> }[] = [];
    await page.routeWebSocket(/socket\.io/, (line) => {
      if (cut) return void line.close();
      line.connectToServer();
      lines.push(line);
    });
    await page.clock.install();
    await page.goto(manager.url);
    await page.waitForSelector(".connection b:text('Live')");
    const pause = page.locator('[data-pause="web"]');
    expect(await pause.isEnabled()).toBe(true);
    cut = true;
    for (const line of lines) await line.close();
    await page.waitForSelector("[data-offline] strong:text('Offline since')");
    expect(await page.textContent("[data-offline] strong")).toMatch(/^Offline since \d\d:\d\d:\d\d\.$/);
    await page.waitForSelector('[data-pause="web"]:disabled');
    expect(await findViolations(page)).toEqual([]);
    const known = await page.textContent('[data-pool="web"]');
    await page.clock.fastForward("05:00");
    // Nobody here knows whether the autoscaler has checked since.
    expect(await page.locator("text=has not checked").count()).toBe(0);
    expect(await page.textContent('[data-pool="web"]')).toBe(known);
    await addActivity({ pool: "utility", actor: "tomas", reason: "tomas grew utility 1 → 2." });
    cut = false;
    await page.waitForSelector("[data-offline] :text('tomas grew utility 1 → 2.')");
    expect(await page.textContent("[data-offline]")).toMatch(/Reconnected after .*\. Meanwhile/);
    await page.waitForSelector('[data-pause="web"]:enabled');
  }, 120_000);

  it.each(["/", "/settings/stop"])("says on %s that the manager has stopped, and waits for nobody", async (path) => {
    await addCheck();
    const page = await open();
    const lines: { send(message: string): void }[] = [];
    await page.routeWebSocket(/socket\.io/, (line) => {
      line.connectToServer();
      lines.push(line);
    });
    await page.clock.install();
    await page.goto(manager.url + path);
    await page.waitForSelector(".connection b:text('Live')");
    for (const line of lines) line.send(`42${LIVE_NAMESPACE},["stopped"]`);
    await page.waitForSelector(".connection b:text('Stopped')");
    await page.clock.fastForward("05:00");
    expect(await page.textContent("#content")).toContain("Start it again with ./start.sh.");
    expect(await page.textContent("body")).not.toMatch(/Offline|Retry|retry|has not checked|is stopping/);
    expect(await page.locator('#content form[method="post"] button:enabled').count()).toBe(0);
    expect(await findViolations(page)).toEqual([]);
  });

  it("counts the time that the browser slept as time without connection", async () => {
    const page = await open();
    await page.clock.install();
    await page.goto(manager.url);
    await page.waitForSelector(".connection b:text('Live')");
    await page.clock.fastForward("02:00:00");
    const back = page.locator("[data-offline] :text('Reconnected after')");
    await back.waitFor();
    expect(await back.textContent()).toMatch(/^Reconnected after 2\sh/);
  }, 60_000);

  it.each([-10, 10])(
    "judges no age by the browser's clock, which is %i min wrong, before anything came",
    async (minutes) => {
      await addCheck();
      const page = await open();
      await page.routeWebSocket(/socket\.io/, (line) => void line.close());
      await page.route(/socket\.io/, (route) => route.abort());
      await page.clock.install({ time: Date.now() + minutes * 60_000 });
      await page.goto(manager.url);
      // So long it waits for its first connection.
      await page.clock.fastForward(20_000);
      await page.waitForSelector("[data-offline] strong:text('Offline since')");
      expect(await page.locator("text=has not checked").count()).toBe(0);
      expect(await page.textContent('[data-pool="web"]')).not.toMatch(/Next check in \d+\s?min/);
    },
    60_000,
  );

  it("keeps what is typed when the session ends, and says so", async () => {
    const page = await open();
    const lines: { close(): Promise<void> }[] = [];
    await page.routeWebSocket(/socket\.io/, (line) => {
      line.connectToServer();
      lines.push(line);
    });
    await page.goto(`${manager.url}/users`);
    await page.waitForSelector(".connection b:text('Live')");
    await page.fill("#new-username", "a long name");
    await page.context().clearCookies();
    for (const line of lines) await line.close();
    await page.waitForSelector("[data-offline] strong:text('Signed out since')");
    expect(await page.inputValue("#new-username")).toBe("a long name");
    expect(await page.locator("button:text('Create user')").isDisabled()).toBe(true);
    expect(await page.getAttribute("[data-offline] a", "href")).toBe("/login?next=%2Fusers");
  });

  it("says how many workers a stop would end now, not when the page was opened", async () => {
    const page = await open({ path: "/settings/stop" });
    const button = page.locator("[data-typed-button]");
    const before = staged.stage.workers;
    const inTable = page.locator(".danger-table tr:has-text('web') .eg-number");
    expect(await button.textContent()).toContain(`Stop manager and ${before.length} workers`);
    staged.stage.workers = before.slice(0, 1);
    onTestFinished(() => {
      staged.stage.workers = before;
    });
    await button.getByText("Stop manager and 1 worker", { exact: true }).waitFor();
    expect(await inTable.textContent()).toBe("1");
  });

  it("keeps the focus and what is open while it fetches what the server writes", async () => {
    const page = await open({ path: "/decisions?range=24h" });
    const entry = page.locator(".entry:has(summary)", { hasText: "web grew 2 → 3" }).first();
    await entry.locator("summary").click();
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.getAttribute("href"));
    expect(focused).toMatch(/^\/policy\/web/);
    await addActivity({ pool: "web", actor: "greta", reason: "greta grew web 3 → 4." });
    await page.waitForSelector(".entry :text('greta grew web')");
    expect(await entry.locator("details").getAttribute("open")).not.toBeNull();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("href"))).toBe(focused);
  });

  it("shows at once what a button on such a page did", async () => {
    await useRelease(manager.db, CURRENT_RELEASE);
    const next = { ...CURRENT_RELEASE, sha256: "1".repeat(64) };
    await insertRelease(manager.db, next, { actor: "anna", now: new Date(Date.now() + 1_000) });
    const page = await open({ path: "/releases" });
    // Nothing is fetched because some seconds have passed.
    await page.clock.install();
    await page.reload();
    await page.clock.pauseAt(Date.now() + 1_000);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.click("button:text('Update to it')");
    await page.click("button:text('Pause')");
    await page.click("button:text('Resume')");
    await page.waitForSelector("h2:text('Update under way')");
  });

  it("shows the menus of users on a phone whole, without a swipe", async () => {
    const page = await open({ width: 360, path: "/users" });
    const row = page.locator("tbody tr").last();
    await row.locator("summary").click();
    const frame = await page.locator(".eg-table-box").boundingBox();
    const last = await row.locator(".eg-menu-list button").last().boundingBox();
    if (frame === null || last === null) throw new Error("The menu is not shown.");
    expect(last.x + last.width).toBeLessThanOrEqual(frame.x + frame.width);
    expect(last.y + last.height).toBeLessThanOrEqual(frame.y + frame.height);
  });

  it("works without script", async () => {
    const context = await dashboard.browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${manager.url}/workers`);
    await page.fill("#username", ADMIN.username);
    await page.fill("#password", ADMIN.password);
    await page.click("button[type=submit]");
    await page.locator("[data-worker]").nth(2).waitFor();
    await page.click('a:has-text("CPU, 0 to 100")');
    await page.waitForURL(/sort=cpu/);
    await page.click('button:has-text("Shrink by 1")');
    await page.waitForSelector("[role=status]:has-text('web: desired 3 → 2')");
  });
});
