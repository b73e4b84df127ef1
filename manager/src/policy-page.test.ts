import { initialState } from "@elastic-gas/scaling/policy-state";
import { NO_BREAK_SPACE } from "@elastic-gas/shared/format/numbers";
import { startTestDashboard, type TestDashboard } from "@elastic-gas/testing/manager/test-dashboard";
import { ADMIN, checkRow } from "@elastic-gas/testing/manager/test-manager";
import { findViolations } from "@elastic-gas/testing/system/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MINUTE_MS = 60_000;
let dashboard: TestDashboard;

beforeAll(async () => {
  dashboard = await startTestDashboard();
  dashboard.staged.stage.workers = [
    { id: "i-0a3f92c41be07d586", pool: "web", health: "healthy", ageSeconds: 7_200 },
    { id: "i-07be1d5520f9a4c13", pool: "web", health: "healthy", ageSeconds: 7_200 },
  ];
  const { db } = dashboard.manager;
  const now = Date.now();
  const policyState = {
    ...initialState(),
    requestsPerCpu: [580, 620, 600],
    low: { checks: 0, dataUntil: null },
    backOff: { level: 1, at: now - 5 * MINUTE_MS },
  };
  await db
    .updateTable("pools")
    .set({ desired: 2, policyState: JSON.stringify(policyState) })
    .where("name", "=", "web")
    .execute();
  // Half an hour of little load, then half an hour of more than two workers can carry.
  const checks = Array.from({ length: 60 }, (_, index) =>
    checkRow(new Date(now - (60 - index) * MINUTE_MS), {
      facts: JSON.stringify({ outcome: "no change", unit: "%", load: index < 30 ? 0.4 : 2.4 }),
    }),
  );
  await db.insertInto("decisions").values(checks).execute();
}, 300_000);
afterAll(() => dashboard[Symbol.asyncDispose]());

describe("the policy page", { timeout: 600_000 }, () => {
  it("plays the numbers beside those in force, with their cost", async () => {
    const page = await dashboard.open({ path: "/policy/web" });
    const outcome = page.locator(".outcome-table");
    await outcome.waitFor();
    expect(await outcome.locator("tbody tr").count()).toBe(1);
    await page.fill("#growRatio", "4");
    await outcome.locator("text=with your changes").waitFor();
    const [, overload, work, cost] = await outcome.locator("tbody tr").last().locator("td").allTextContents();
    expect([overload, work, cost]).toEqual([
      expect.stringMatching(/^−\d+$/),
      expect.stringMatching(/^\+\d+$/),
      expect.stringMatching(/^\+\$0\.\d+$/),
    ]);
    expect(await page.locator('[data-preview-chart="workers"] canvas').getAttribute("aria-label")).toContain(
      "at most 4",
    );
  });

  it("moves nothing when the preview comes", async () => {
    const page = await dashboard.open({ path: "/policy/web" });
    await page.locator('[data-preview-chart="load"] canvas').waitFor();
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          new PerformanceObserver((list) => {
            const shifts = list.getEntries() as (PerformanceEntry & { value: number })[];
            resolve(shifts.reduce((sum, { value }) => sum + value, 0));
          }).observe({ type: "layout-shift", buffered: true });
          // No entry at all: nothing moved.
          setTimeout(() => resolve(0), 500);
        }),
    );
    expect(shift).toBeLessThan(0.1);
  });

  it("replays half an hour, a day, and invented shapes", async () => {
    const page = await dashboard.open({ path: "/policy/web" });
    await page.waitForSelector('[data-preview="load-words"]:has-text("Last 24 h")');
    for (const [load, words] of [
      ["30m", "Last 30 min"],
      ["spike", "Spike"],
      ["noise", "Noise"],
    ] as const) {
      await page.selectOption("[data-preview-load]", load);
      await page.waitForSelector(`[data-preview="load-words"]:has-text("${words}")`);
      await page.waitForSelector('[data-preview-chart="load"] canvas');
    }
  });

  it("warns beside the field where noise alone may act, and saves all the same", async () => {
    const page = await dashboard.open({ path: "/policy/web" });
    const warning = page.locator("#growThresholdPercent-warning");
    expect(await warning.isVisible()).toBe(false);
    await page.fill("#growThresholdPercent", "88");
    await warning.waitFor();
    expect(await warning.textContent()).toContain("noise");
    expect(await page.locator("[data-settle-limit]").textContent()).toBe(`79.2${NO_BREAK_SPACE}%`);
    expect(await findViolations(page)).toEqual([]);
    await page.click("[data-save]");
    await page.waitForSelector("[role=status]:has-text('Saved as v2')");
    // Without a script's help: the server prints it beside the stored value.
    expect(await page.locator("#growThresholdPercent-warning").isVisible()).toBe(true);
    await page.fill("#growThresholdPercent", "70");
    await warning.waitFor({ state: "hidden" });
  });

  it("plays the rules on requests and on a queue too, and says what it takes for granted", async () => {
    const page = await dashboard.open();
    for (const [path, words] of [
      ["/policy/web?kind=requests", "an idle one answers in"],
      ["/policy/annotator", "A job takes"],
    ] as const) {
      await page.goto(dashboard.manager.url + path);
      await page.waitForSelector(`[data-preview="load-words"]:has-text("${words}")`);
      await page.waitForSelector('[data-preview-chart="workers"] canvas');
    }
  });

  it.each(["light", "dark"] as const)(
    "explains every number and the current state of the rule, in the %s theme",
    async (theme) => {
      const page = await dashboard.open({ theme, width: 360, path: "/policy/web" });
      await page.click("text=What each number means");
      await page.waitForSelector("dt:has-text('Hysteresis margin')");
      const state = await page.locator(".policy-state").textContent();
      expect(state).toContain("600 a minute saturate one worker");
      expect(state).toContain("level 1: 4 checks");
      await page.waitForSelector(".outcome-table");
      expect(await findViolations(page)).toEqual([]);
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(wide).toBe(0);
    },
  );
});

describe("the pools page", { timeout: 600_000 }, () => {
  it("says the rule, the back-off and the cost of the chosen pool", async () => {
    const page = await dashboard.open();
    expect(await page.locator("[data-back-off]").textContent()).toContain(
      "Back-off level 1: a shrink now needs 4 checks",
    );
    expect(await page.locator("[data-rule=web]").textContent()).toMatch(/^CPU: grow above \d+/);
    expect(await page.locator('[data-pool="web"] .pool-card-cost').textContent()).toBe("about $0.042 an hour");
  });

  it("keeps the reason of a change by hand, and empties the field", async () => {
    const page = await dashboard.open();
    await page.fill("#why", "lab session at 13:50");
    await page.click('form.by-hand button:has-text("Grow by 1")');
    await page.waitForSelector(".latest-sentence:has-text('anna grew web 2 → 3: “lab session at 13:50”.')");
    expect(await page.inputValue("#why")).toBe("");
    await page.fill("#why", "over");
    await page.click('form.by-hand button:has-text("Shrink by 1")');
    await page.waitForSelector(".latest-sentence:has-text('anna shrank web 3 → 2: “over”.')");
    await page.goto(`${dashboard.manager.url}/decisions?pool=web`);
    expect(await page.locator("main").textContent()).toContain("“lab session at 13:50”");
  });

  it("takes the reason without script too", async () => {
    const context = await dashboard.browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(dashboard.manager.url);
    await page.fill("#username", ADMIN.username);
    await page.fill("#password", ADMIN.password);
    await page.click("button[type=submit]");
    await page.fill("#why", "no script here");
    await page.click('form.by-hand button:has-text("Grow by 1")');
    await page.waitForSelector("[role=status]:has-text('web: desired 2 → 3')");
    expect(await page.locator(".latest").textContent()).toContain("“no script here”");
    await context.close();
  });
});
