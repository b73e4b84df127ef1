import { readFile } from "node:fs/promises";
import type { Browser, Download, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../testing/src/system/browser.ts";
import { openDashboard, untilLive } from "../testing/src/system/dashboard.ts";
import { type RunningSystem, startSystem } from "../testing/src/system/system.ts";
import { waitUntil } from "../testing/src/wait-until.ts";

const LONG_MS = 90_000;

let system: RunningSystem;
let browser: Browser;

beforeAll(async () => {
  // Sizes set by hand stay for the whole story.
  system = await startSystem({ environment: { MANUAL_HOLD_SECONDS: "1800" } });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await system?.[Symbol.asyncDispose]();
});

const card = (page: Page, pool: string): Locator => page.locator(`[data-pool="${pool}"]`);
const key = (page: Page, chart: string): Locator => page.locator(`[data-chart="${chart}"] [data-chart-key] b`);

async function untilWebHas(page: Page, workers: number): Promise<void> {
  const place = card(page, "web");
  await place.locator(`:text-is("of ${workers} in service")`).waitFor({ timeout: LONG_MS });
  await place.locator(`.eg-figure:text-is("${workers}")`).waitFor({ timeout: LONG_MS });
}

async function textOf(download: Download): Promise<string> {
  return readFile(await download.path(), "utf8");
}

describe("the pools page", () => {
  test("refuses to shrink at the minimum, with the reason beside the button and in the answer", async () => {
    const page = await openDashboard(browser, system, { mayFail: true });
    const shrink = card(page, "web").getByRole("button", { name: "Shrink web by 1: at the minimum of 1" });
    await shrink.waitFor();
    expect(await shrink.isDisabled()).toBe(true);
    expect(await card(page, "web").locator(".eg-reason").textContent()).toBe("at the minimum of 1; change it");
    // Somebody may have asked from an older page.
    await shrink.evaluate((button) => button.closest("form")?.requestSubmit());
    await page.waitForSelector(".toast-line:has-text('web does not shrink: at the minimum of 1.')");
    expect(await page.locator("[data-announce]").textContent()).toContain("web does not shrink");
  });

  test("counts down to the next check, by itself", async () => {
    const page = await openDashboard(browser, system);
    const left = card(page, "annotator").locator(".pool-card-foot b");
    const seen = new Set<string | null>();
    await waitUntil("three different times left", async () => seen.add(await left.textContent()).size >= 3);
    for (const words of seen) expect(words).toMatch(/^\d+\ss$/);
  });

  test("grows by one click, and shows the worker on its way into service", async () => {
    const page = await openDashboard(browser, system);
    await card(page, "web").getByRole("button", { name: "Grow web by 1" }).click();
    await page.waitForSelector(".toast-line:has-text('web: desired 1 → 2.')");
    await card(page, "web").locator(":text('1 pending'), :text('1 warming')").first().waitFor({ timeout: LONG_MS });
    await card(page, "web").locator(":text('Changed manually; the policy resumes')").waitFor();
    await untilWebHas(page, 2);
    await page.locator(".latest-item:has-text('admin grew web 1 → 2')").waitFor();
  });

  test("links the load balancer's name, which opens user-app", async () => {
    const page = await openDashboard(browser, system);
    const [opened] = await Promise.all([page.waitForEvent("popup"), page.click("[data-balancer]")]);
    await opened.waitForSelector("h1:has-text('Annotate your VCF')");
    expect(opened.url()).toBe(`${system.userAppUrl}/`);
  });

  test("opens the decision from its flag above a chart", async () => {
    const page = await openDashboard(browser, system);
    const flag = page.locator('[data-chart="workers"] .chart-flag').last();
    await flag.waitFor();
    expect(await flag.getAttribute("aria-label")).toContain("admin grew web 1 → 2");
    await flag.click();
    await page.waitForURL(/\/decisions\?pool=web&range=30m#/);
    const entry = page.locator(`.entry[id="${new URL(page.url()).hash.slice(1)}"]`);
    expect(await entry.textContent()).toContain("admin grew web 1 → 2");
    // Its numbers are what the reader came for.
    expect(await entry.locator("dt:text-is('Asked by') + dd").isVisible()).toBe(true);
    const box = await entry.boundingBox();
    expect(box !== null && box.y >= 0 && box.y < 900).toBe(true);
  });

  test("shows one of four ranges, each in its own address, in all charts", async () => {
    const page = await openDashboard(browser, system);
    for (const [name, range, words] of [
      ["3 h", "3h", "the past 3 hours"],
      ["24 h", "24h", "the past 24 hours"],
      ["7 d", "7d", "the past 7 days"],
      ["30 min", "30m", "the past 30 minutes"],
    ] as const) {
      await page.locator("[data-ranges] a", { hasText: name }).click();
      await page.waitForURL(`**/?pool=web&range=${range}`);
      expect(await page.locator("[data-ranges] [aria-current]").textContent()).toBe(name.replace(" ", "\u00a0"));
      await page.locator(`[data-chart="workers"] canvas[aria-label*="${words}"]`).waitFor();
    }
  });

  test("moves one cross-hair through all charts, with the values of that time and their units above each", async () => {
    const page = await openDashboard(browser, system);
    const cpu = page.locator('[data-chart="cpu"] canvas');
    await cpu.waitFor({ timeout: LONG_MS });
    // In the middle of the half hour nothing ran; at its end there are values.
    await cpu.hover({ position: { x: 200, y: 60 } });
    await key(page, "workers").first().filter({ hasText: "–" }).waitFor();
    expect(await key(page, "cpu").first().textContent()).toBe("–");
    await cpu.focus();
    await page.keyboard.press("Escape");
    await key(page, "workers").first().filter({ hasText: "2" }).waitFor();
    // Three points back there are values once the system has run for so long; counts of workers come a moment later.
    await waitUntil("values of all charts three points back", async () => {
      await page.keyboard.press("Escape");
      for (let step = 0; step < 3; step += 1) await page.keyboard.press("ArrowLeft");
      const [mean, requests, workers] = await Promise.all([
        key(page, "cpu").first().textContent(),
        key(page, "requests").first().textContent(),
        key(page, "workers").nth(1).textContent(),
      ]);
      return /^[\d.]+\s%$/.test(mean ?? "") && /^[\d.,]+ \/ min$/.test(requests ?? "") && /^\d$/.test(workers ?? "");
    });
  });

  test("has the values of each chart as a table and as CSV", async () => {
    const page = await openDashboard(browser, system);
    for (const [chart, unit] of [
      ["cpu", "CPU %"],
      ["requests", "requests per min"],
      ["workers", "desired"],
    ] as const) {
      const panel = page.locator(`[data-chart="${chart}"]`);
      await panel.locator("canvas").waitFor({ timeout: LONG_MS });
      const toggle = panel.locator("[data-chart-table]");
      await toggle.click();
      expect(await toggle.getAttribute("aria-expanded")).toBe("true");
      expect(await panel.locator("thead th").nth(1).textContent()).toBe(unit);
      await panel.locator("tbody td.eg-number", { hasText: /^\d/ }).first().waitFor();
      await toggle.click();
      expect(await panel.locator("table").isVisible()).toBe(false);
      const [download] = await Promise.all([page.waitForEvent("download"), panel.locator("a[download]").click()]);
      expect(download.suggestedFilename()).toBe(`web-${chart}-30m.csv`);
      const [head, ...lines] = (await textOf(download)).trimEnd().split("\r\n");
      expect(head).toContain(unit.replaceAll(" ", "_"));
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,/);
    }
  });

  test("pauses the policy and resumes it", async () => {
    // Not web's: its policy would decide at once, and the size that was set by hand would not stay.
    const page = await openDashboard(browser, system);
    await card(page, "annotator").getByRole("button", { name: "Pause the policy of annotator" }).click();
    await page.waitForSelector(".toast-line:has-text('The policy of annotator is paused.')");
    await page.waitForSelector("[data-frame-notes] :text('annotator is paused')");
    await card(page, "annotator").getByRole("button", { name: "Resume the policy of annotator" }).click();
    await page.waitForSelector(".toast-line:has-text('The policy of annotator decides again')");
    await page.waitForSelector("[data-frame-notes] :text('annotator is paused')", { state: "detached" });
    await card(page, "annotator").getByRole("button", { name: "Pause the policy of annotator" }).waitFor();
  });
});

describe("the workers page", () => {
  const rows = (page: Page): Locator => page.locator("[data-worker]");
  async function idsOf(page: Page): Promise<readonly string[]> {
    return rows(page).evaluateAll((all) => all.map((row) => row.getAttribute("data-worker") ?? ""));
  }
  async function choose(page: Page, id: string, item: string): Promise<void> {
    const row = page.locator(`[data-worker="${id}"]`);
    await row.locator("summary").click();
    await row.locator(".eg-menu-list button, .eg-menu-list a", { hasText: item }).click();
  }
  async function openWorkers(): Promise<Page> {
    return openDashboard(browser, system, { path: "/workers" });
  }

  test("lists every worker live, with its two charts and what they show in words", async () => {
    const page = await openWorkers();
    await page.waitForSelector(".worker-counts :text('2 in service')", { timeout: LONG_MS });
    for (const id of await idsOf(page)) {
      const row = page.locator(`[data-worker="${id}"]`);
      await row.locator(`[data-chart-row="cpu"] canvas[aria-label^="CPU of ${id}: "]`).waitFor({ timeout: LONG_MS });
      const work = row.locator(`[data-chart-row="work"] canvas[aria-label^="requests per minute of ${id}: "]`);
      await work.waitFor({ timeout: LONG_MS });
      expect(await row.locator(".worker-place").textContent()).toMatch(/us-east-1[a-f] · 127\.\d+\.\d+\.\d+age/);
    }
    await page.locator("[data-chart-row='cpu'] canvas").first().hover();
    await page.waitForSelector("[data-hover-line]:has-text('mean CPU')");
  });

  test("shows other pools, another order and density, and finds a worker by its id", async () => {
    const page = await openWorkers();
    const [, second = ""] = await idsOf(page);
    await page.fill("#filter", second.slice(2, 10));
    await waitUntil("one row", async () => (await rows(page).count()) === 1);
    await page.fill("#filter", "");
    await page.selectOption("[data-sort]", { index: 1 });
    await waitUntil("two rows", async () => (await rows(page).count()) === 2);
    expect(new URL(page.url()).searchParams.get("sort")).not.toBe("state");
    await page.click("a:text-is('Compact')");
    await page.waitForSelector(".worker-row-compact");
    await page.click('[data-pool-link="annotator"]');
    await page.waitForSelector("[data-head='work']:has-text('Jobs running')");
    expect(await rows(page).count()).toBe(2);
  });

  test("protects a worker, and says so on its row", async () => {
    const page = await openWorkers();
    const [id = ""] = await idsOf(page);
    await choose(page, id, "Protect from shrinking");
    await page.locator(`[data-worker="${id}"] .eg-chip:has-text("protected")`).waitFor();
    await choose(page, id, "No longer protect from shrinking");
    await page.locator(`[data-worker="${id}"] .eg-chip:has-text("protected")`).waitFor({ state: "detached" });
  });

  test("copies an instance id, shows the console output and the decisions about a worker", async () => {
    const page = await openWorkers();
    const [id = ""] = await idsOf(page);
    await choose(page, id, "Copy instance id");
    await page.waitForSelector(`.toast-line:has-text("Copied ${id}.")`);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id);
    await choose(page, id, "Console output");
    await page.waitForSelector(`h1:text('Console output')`);
    expect(await page.locator(".console-log").textContent()).toMatch(/\S{5}/);
    await page.click(".page-tools a:text('Workers')");
    await untilLive(page);
    await choose(page, id, "Decisions about it");
    await page.waitForURL(new RegExp(`/decisions\\?filter=${id}`));
    expect(await page.inputValue("#filter")).toBe(id);
  });

  test("replaces a worker: another comes first, then it drains and goes", async () => {
    const page = await openWorkers();
    const before = await idsOf(page);
    const [id = ""] = before;
    await choose(page, id, "Replace: launch one, then drain");
    await page.waitForSelector(".toast-line:has-text('another one is launched first')");
    await waitUntil(
      "its successor in service and it gone",
      async () => {
        const ids = await idsOf(page);
        return ids.length === 2 && !ids.includes(id) && (await page.isVisible(".worker-counts :text('2 in service')"));
      },
      { deadlineMs: 120_000 },
    );
  });

  test("drains a worker after a question, and the pool shrinks by it", async () => {
    const page = await openWorkers();
    const [id = ""] = await idsOf(page);
    page.once("dialog", (dialog) => void dialog.accept());
    await choose(page, id, "Drain: desired 2 → 1");
    await waitUntil(
      "one row, not that worker's",
      async () => {
        const ids = await idsOf(page);
        return ids.length === 1 && ids[0] !== id;
      },
      { deadlineMs: LONG_MS },
    );
    const [last = ""] = await idsOf(page);
    await page.locator(`[data-worker="${last}"] summary`).click();
    await page.waitForSelector(`[data-worker="${last}"] :text("Drain: the pool is at its minimum of 1.")`);
  });

  test("grows and shrinks by the buttons above the list", async () => {
    const page = await openWorkers();
    await page.click("button:has-text('Grow by 1')");
    await page.waitForSelector(".toast-line:has-text('web: desired 1 → 2.')");
    await page.click("button:has-text('Shrink by 1')");
    await page.waitForSelector(".toast-line:has-text('web: desired 2 → 1.')");
    await page.waitForSelector(".eg-reason:has-text('at the minimum of 1')");
  });
});

describe("the decisions page", () => {
  async function openDecisions(query = ""): Promise<Page> {
    return openDashboard(browser, system, { path: `/decisions${query}` });
  }

  test("unfolds the checks without a change, one by one or all", async () => {
    const page = await openDecisions("?pool=annotator");
    const fold = page.locator(".entry-fold", { hasText: /[2-9]\d* checks/ }).first();
    await fold.waitFor({ timeout: LONG_MS });
    const checks = Number.parseInt((await fold.locator(".entry-outcome").textContent()) ?? "", 10);
    await fold.locator("summary").click();
    expect(await fold.locator("tbody tr").count()).toBe(checks);
    expect(await fold.locator("tbody tr").first().textContent()).toContain("annotator: ");
    const entries = await page.locator(".entry").count();
    await page.click(".fold-switch");
    await page.waitForURL(/fold=off/);
    expect(await page.getAttribute(".fold-switch", "aria-checked")).toBe("false");
    expect(await page.locator(".entry").count()).toBeGreaterThan(entries + 1);
  });

  test("filters by kind and by words, and says when nothing matches", async () => {
    const page = await openDecisions();
    await page.click(".decision-tools a:text-is('Manual')");
    await page.waitForURL(/kind=manual/);
    const marks = await page.locator(".entry .eg-mark").allTextContents();
    expect(marks.length).toBeGreaterThan(4);
    for (const mark of marks) expect(mark).toMatch(/^M/);
    await page.fill("#filter", "admin grew");
    await page.keyboard.press("Enter");
    await page.waitForURL(/filter=admin/);
    for (const sentence of await page.locator(".entry-sentence").allTextContents()) {
      if (!sentence.startsWith("Next check")) expect(sentence).toContain("admin grew");
    }
    await page.fill("#filter", "no such words");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=Nothing matches");
    await page.click("a:text('Clear filters')");
    await page.waitForURL(`${system.managerUrl}/decisions`);
  });

  test("gives every check as CSV, folded or not", async () => {
    const page = await openDecisions("?pool=web");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("a:text('CSV')")]);
    expect(download.suggestedFilename()).toBe("decisions-web-3h.csv");
    const [head, ...lines] = (await textOf(download)).trimEnd().split("\r\n");
    expect(head).toBe(
      "at,pool,outcome,desired_before,desired_after,in_service,warming,pending,draining,measured,unit,policy_version,reason",
    );
    const words = (await page.locator(".decision-foot p").textContent()) ?? "";
    expect(lines.length).toBeGreaterThanOrEqual(Number.parseInt(words.replace(",", ""), 10));
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z,web,[a-z ]+,\d,\d,\d,/);
  });
});

describe("the policy page", () => {
  async function openPolicy(path: string): Promise<Page> {
    // A busy server may refuse a preview; saving works all the same.
    return openDashboard(browser, system, { path: `/policy/${path}`, mayFail: true });
  }

  test.each(["web", "web?kind=adaptive", "web?kind=requests", "annotator", "utility"])(
    "of %s says beside each field what is wrong with its value, and lets nothing wrong be saved",
    async (path) => {
      const page = await openPolicy(path);
      const names = await page
        .locator("input.policy-input")
        .evaluateAll((inputs) => inputs.map((input) => input.getAttribute("name") ?? ""));
      expect(names.length).toBeGreaterThan(1);
      for (const name of names) {
        const field = page.locator(`#${name}`);
        const good = await field.inputValue();
        for (const wrong of name === names[0] ? ["", "many", "-3", "99999999999"] : ["99999999999"]) {
          await field.fill(wrong);
          const error = page.locator(`#${name}-error`);
          await error.filter({ hasText: /\S/ }).waitFor();
          expect([name, wrong, await field.getAttribute("aria-invalid")]).toEqual([name, wrong, "true"]);
          expect(await field.getAttribute("aria-describedby")).toContain(`${name}-error`);
          expect(await page.isDisabled("[data-save]")).toBe(true);
          expect(await page.evaluate(() => document.activeElement?.id)).toBe(name);
        }
        await field.fill(good);
        await page.locator(`#${name}-error`).waitFor({ state: "hidden" });
      }
    },
  );

  test("saves a version, lists what it changed, and goes back by writing another", async () => {
    const page = await openPolicy("web");
    await page.fill("#growThresholdPercent", "65");
    await page.waitForSelector("[data-was-of='growThresholdPercent']:has-text('was 70')");
    await page.waitForSelector("[data-save-words]:text-is('1 change.')");
    await page.click("button:text-is('Save as v2')");
    await page.waitForSelector("[role=status]:has-text('Saved as v2: grow above 70 → 65 %.')");
    expect(await page.inputValue("#growThresholdPercent")).toBe("65");
    await page.waitForSelector("#v2:has-text('in force')");
    await page.getByRole("button", { name: "Restore v1" }).click();
    await page.waitForSelector("[role=status]:has-text('Saved as v3: grow above 65 → 70 %.')");
    expect(await page.inputValue("#growThresholdPercent")).toBe("70");
    await page.fill("#max", "6");
    await page.click("a:text('Discard changes')");
    await page.waitForURL(/\/policy\/web$/);
    expect(await page.inputValue("#max")).toBe("8");
  });

  test("refuses to save over somebody else's version, and shows the values in force", async () => {
    const mine = await openPolicy("web");
    const other = await openPolicy("web");
    await other.fill("#growRatio", "1.6");
    await other.click("[data-save]");
    await other.waitForSelector("[role=status]:has-text('Saved as v4')");
    await mine.fill("#growRatio", "1.8");
    await mine.click("[data-save]");
    await mine.waitForSelector("[role=status]:has-text('admin saved v4 in the meantime. Yours was not saved')");
    expect(await mine.inputValue("#growRatio")).toBe("1.6");
  });

  test("says what each size would do and plays a preview, with a chart and its figures", async () => {
    const page = await openPolicy("web");
    const sizes = page.locator("[aria-label='Table of sizes'] tbody tr");
    await sizes.first().waitFor({ timeout: LONG_MS });
    expect(await sizes.count()).toBe(8);
    expect(await page.locator("[aria-label='Table of sizes'] tr[aria-selected='true']").textContent()).toContain("now");
    await page.waitForSelector('[data-preview-chart="workers"] canvas', { timeout: LONG_MS });
    await page.waitForSelector('[data-preview-chart="load"] canvas');
    const rowsBefore = await page.locator('[data-preview="outcome"] tbody tr').allTextContents();
    expect(rowsBefore[0]).toMatch(/v\d+, in force/);
    await page.fill("#growThresholdPercent", "50");
    await page.waitForSelector('[data-preview="outcome"] :text("with your changes")', { timeout: LONG_MS });
    await page.selectOption("[data-preview-load]", "sine");
    await page.locator('[data-preview-chart="load"] canvas[aria-label*="ine"]').waitFor({ timeout: LONG_MS });
  });
});

describe("the load test page", () => {
  test("sends photos to the own balancer, draws what came of them, keeps it over a reload, and ends it by a click", async () => {
    const page = await openDashboard(browser, system, { path: "/load-test" });
    await page.fill("#load-rate", "1");
    await page.fill("#load-minutes", "2");
    await page.selectOption("#load-shape", "constant");
    await page.getByRole("button", { name: "Start load test" }).click();
    await page.waitForSelector(
      "[role=status]:has-text('The load test runs: up to 1 photo a second, 2 min, constant.')",
    );
    const succeeded = page.locator(".load-figures div:has-text('Succeeded') dd");
    await waitUntil("photos to be answered", async () => Number(await succeeded.textContent()) > 0);
    await page.waitForSelector('[data-chart="workers"] canvas', { timeout: LONG_MS });
    await page.reload();
    expect(await page.locator("h2:has-text('Running')").count()).toBe(1);
    expect(Number(await succeeded.textContent())).toBeGreaterThan(0);
    await page.getByRole("button", { name: "End now" }).click();
    await page.waitForSelector("text=Ended by admin at");
    expect(await page.getByRole("button", { name: "End now" }).count()).toBe(0);
    await page.goto(`${system.managerUrl}/audit`);
    await page.waitForSelector("td:has-text('load-test.stop')");
  });
});
