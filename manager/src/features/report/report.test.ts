import { mailTime } from "@elastic-gas/shared/mail/mail-time";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import {
  checkRow,
  makePools,
  startTestManager,
  TestBrowser,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MINUTE = 60_000;
/** Workers of the staged cloud are as old as the real clock says. */
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;

let staged: StagedCloud;
let manager: TestManager;
let browser: TestBrowser;

beforeAll(async () => {
  staged = await startStagedCloud();
  manager = await startTestManager({ cloud: staged.cloud, now: () => NOW });
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  await staged?.[Symbol.asyncDispose]();
});

async function download(range: string) {
  const response = await browser.get(`/report.html?range=${range}`);
  return { response, html: await response.text() };
}

/** The part of a pool; what stands between its heading and the next section. */
const sectionOf = (html: string, pool: string) => html.split(`<h2 id="pool-${pool}">`)[1]?.split("</section>")[0] ?? "";

describe("the report", () => {
  it("says that there is nothing yet", async () => {
    const { response, html } = await download("3h");
    expect(response.status).toBe(200);
    expect(html).toContain("There are no pools yet");
  });

  it("says of each pool without data that there are none", async () => {
    await makePools(manager.db);
    const { html } = await download("3h");
    for (const pool of ["web", "annotator", "utility"]) {
      expect(sectionOf(html, pool)).toContain("No data in this time.");
      expect(sectionOf(html, pool)).toContain("Nothing changed, and nothing was refused.");
    }
    expect(html).not.toMatch(/NaN|undefined|Infinity|null/);
  });

  describe("with data", () => {
    beforeAll(async () => {
      staged.stage.workers = [{ id: "i-0aaa", pool: "web", health: "healthy", ageSeconds: 86_400 }];
      staged.stage.metric = (metric) =>
        metric === "CPUUtilization" ? 82 : metric === "RequestCount" ? 240 : undefined;
      const rows = Array.from({ length: 30 }, (_, index) => {
        const at = new Date(NOW - (30 - index) * MINUTE);
        return checkRow(at, { inService: 1, desiredBefore: 1, desiredAfter: 1 });
      });
      const grown = new Date(NOW - 10 * MINUTE);
      const growth = { inService: 1, desiredBefore: 1, desiredAfter: 2, kind: "grow" } as const;
      const reason = "Grow to 2: mean CPU 82 % is above 70 %.";
      const held = checkRow(new Date(NOW - 5 * MINUTE), {
        reason: "Shrink refused: 1 worker would run at 62 %.",
        facts: JSON.stringify({ outcome: "shrink refused" }),
      });
      await manager.db
        .insertInto("decisions")
        .values([...rows, checkRow(grown, { ...growth, reason, facts: JSON.stringify({ outcome: "grow" }) }), held])
        .execute();
      const activity = {
        pool: "web",
        desiredBefore: 1,
        desiredAfter: 2,
        measured: 82,
        forecast: null,
        epoch: 1,
      } as const;
      const ended = {
        instanceIds: "[]",
        status: "successful",
        result: "in service after 53 s",
        finishedAt: grown,
      } as const;
      await manager.db
        .insertInto("activities")
        .values([
          { ...activity, ...ended, at: grown, cause: "policy", actor: "autoscaler", reason },
          {
            ...activity,
            ...ended,
            at: new Date(NOW - 20 * MINUTE),
            cause: "manual",
            actor: "anna",
            reason: "anna grew web 0 → 1: “<script>alert(1)</script>”.",
          },
        ])
        .execute();
      await manager.db.updateTable("pools").set({ paused: true, pausedBy: "tomas", pausedAt: grown }).execute();
    });

    it("is one file to keep, named for what it tells", async () => {
      const { response } = await download("30m");
      const stamp = new Date(NOW).toISOString().slice(0, 16).replaceAll(/[-:]/g, "");
      expect(response.headers.get("content-disposition")).toBe(
        `attachment; filename=elastic-gas-dev-30m-${stamp}Z.html`,
      );
    });

    it("is for viewers too", async () => {
      const fields = { username: "vera", password: "only for looking" };
      await browser.post("/users", { ...fields, role: "viewer" }, "/users");
      const viewer = new TestBrowser(manager.url);
      await viewer.signIn(fields);
      expect((await viewer.get("/report.html")).status).toBe(200);
    });

    it("needs nothing else: no script, no address, no file", async () => {
      const { html } = await download("30m");
      expect(html).not.toMatch(/<script|<link|<img|\ssrc=|\shref=|url\(|@import|https?:/i);
      expect(html).toContain("default-src 'none'");
      expect(html).toContain("&lt;script>alert(1)&lt;/script>");
    });

    it("names the range with its zone", async () => {
      const { html } = await download("30m");
      expect(html).toMatch(/<h1>Worker pools, the past 30 minutes<\/h1>/);
      const [from, to] = [new Date(NOW - 30 * MINUTE), new Date(NOW)].map((at) => mailTime(at, "UTC"));
      expect(html).toContain(`<p>${from} to ${to} (UTC)</p>`);
    });

    it("draws workers and load of each pool, with the decisions' marks", async () => {
      const web = sectionOf((await download("30m")).html, "web");
      expect(web.match(/<svg class="chart"/g)?.length).toBeGreaterThanOrEqual(3);
      expect(web).toMatch(/aria-label="web: workers\. Between 1 and 2 in service, 1(\.\d)? on average\."/);
      expect(web).toMatch(/<g class="mark mark-G"><title>Grow to 2: mean CPU 82 % is above 70 %\.<\/title>/);
      expect(web).toMatch(/<g class="mark mark-M">/);
      expect(web).toMatch(/class="threshold"/);
    });

    it("lists changes and refusals with their reasons, newest first, and counts the other checks", async () => {
      const web = sectionOf((await download("30m")).html, "web");
      expect(web).toContain("32 checks in this time");
      const words = [...web.matchAll(/<span class="word mark-\w">(\w+)<\/span>/g)].map(([, word]) => word);
      expect(words).toEqual(["Refused", "Grow", "Manual"]);
      expect(web).toContain("1 worker would run at 62 %.");
      expect(web).toContain("in service after 53 s");
    });

    it("estimates what it cost", async () => {
      const { html } = await download("30m");
      const row = /<td>web<\/td>(.*?)<\/tr>/.exec(html)?.[1]?.replaceAll(/<[^>]+>/g, " ") ?? "";
      expect(row).toMatch(/^\s+1 – 2\s+1(\.\d)?\s+0\.\d\s+\$0\.0\d+\s+1\s+0\s+82\s%\s+82\s%\s+$/);
      expect(html).toContain("Cost is an estimate");
    });

    it("tells the alerts that stand, and what channels were told", async () => {
      const channel = {
        kind: "webhook",
        name: "ops",
        target: "https://example.org",
        events: "[]",
        quietZone: "UTC",
      } as const;
      const { insertId } = await manager.db
        .insertInto("alertChannels")
        .values({ ...channel, createdBy: "anna" })
        .executeTakeFirstOrThrow();
      const message = JSON.stringify({
        event: "paused",
        phase: "raised",
        title: "annotator is paused",
        text: "",
        at: NOW,
      });
      const delivery = { alertId: "paused-annotator", phase: "raised", message, nextAt: new Date(NOW) } as const;
      await manager.db
        .insertInto("alertDeliveries")
        .values([{ ...delivery, channelId: Number(insertId), createdAt: new Date(NOW - 10 * MINUTE) }])
        .execute();
      const { html } = await download("30m");
      const alerts = html.split('<h2 id="alerts">')[1] ?? "";
      expect(alerts).toMatch(/<span class="warn">web is paused<\/span> by tomas\./);
      expect(alerts).toContain("<td>annotator is paused</td>");
    });
  });
});
