import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectDatabase, type Database } from "../shared/src/database/connect.ts";
import { launchBrowser } from "../testing/src/system/browser.ts";
import { clientOf } from "../testing/src/system/clients.ts";
import { openDashboard, untilLive } from "../testing/src/system/dashboard.ts";
import { type RunningSystem, startSystem } from "../testing/src/system/system.ts";
import { waitUntil } from "../testing/src/wait-until.ts";

const LONG_MS = 120_000;
const MINUTE_MS = 60_000;
const REQUESTS = 40;
const Parts = z.record(z.string(), z.object({ pid: z.number() }));

let system: RunningSystem;
let browser: Browser;
let db: Database;
let ec2: EC2Client;
let elbv2: ElasticLoadBalancingV2Client;
let cloudwatch: CloudWatchClient;

beforeAll(async () => {
  system = await startSystem();
  browser = await launchBrowser();
  db = connectDatabase({ url: await system.databaseUrl(), connectionLimit: 2 });
  ec2 = await clientOf(EC2Client, system);
  elbv2 = await clientOf(ElasticLoadBalancingV2Client, system);
  cloudwatch = await clientOf(CloudWatchClient, system);
});
afterAll(async () => {
  for (const client of [ec2, elbv2, cloudwatch]) client?.destroy();
  await db?.destroy();
  await browser?.close();
  await system?.[Symbol.asyncDispose]();
});

/** Instances of the web pool that have not ended, as EC2 tells them: id and address, in the order of their ids. */
async function instances(): Promise<readonly { readonly id: string; readonly address: string }[]> {
  const { Reservations = [] } = await ec2.send(
    new DescribeInstancesCommand({
      Filters: [
        { Name: "tag:elastic-gas:pool", Values: ["web"] },
        { Name: "instance-state-name", Values: ["pending", "running", "shutting-down"] },
      ],
    }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances)
    .map(({ InstanceId = "", PrivateIpAddress = "" }) => ({ id: InstanceId, address: PrivateIpAddress }))
    .sort((a, b) => a.id.localeCompare(b.id));
}

async function healthyIds(): Promise<readonly string[]> {
  const { TargetGroups: [group] = [] } = await elbv2.send(new DescribeTargetGroupsCommand({}));
  const { TargetHealthDescriptions = [] } = await elbv2.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: group?.TargetGroupArn }),
  );
  return TargetHealthDescriptions.filter(({ TargetHealth }) => TargetHealth?.State === "healthy")
    .map(({ Target }) => Target?.Id ?? "")
    .sort();
}

/** Why pools changed, in order. */
async function activityReasons(): Promise<readonly string[]> {
  const rows = await db.selectFrom("activities").select("reason").orderBy("id").execute();
  return rows.map(({ reason }) => reason);
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly place: string;
}

async function rowsOf(page: Page): Promise<readonly Row[]> {
  const rows = await page.locator("[data-worker]").evaluateAll((all) =>
    all.map((row) => ({
      id: row.getAttribute("data-worker") ?? "",
      state: row.querySelector(".worker-state")?.textContent?.trim() ?? "",
      place: row.querySelector(".worker-place")?.textContent ?? "",
    })),
  );
  return rows.sort((a, b) => a.id.localeCompare(b.id));
}

/** The page and AWS agree: the same workers, and in service is who is healthy behind the balancer. */
async function agrees(page: Page): Promise<boolean> {
  const [rows, told, healthy] = await Promise.all([rowsOf(page), instances(), healthyIds()]);
  const inService = rows.filter(({ state }) => state.startsWith("in service")).map(({ id }) => id);
  return (
    JSON.stringify(rows.map(({ id }) => id)) === JSON.stringify(told.map(({ id }) => id)) &&
    JSON.stringify(inService) === JSON.stringify(healthy) &&
    rows.every(({ id, place }) => place.includes(told.find((each) => each.id === id)?.address ?? "?"))
  );
}

/** The rows of the table behind a worker's charts: the minute's start, CPU in percent, requests. */
async function readValues(id: string) {
  const page = await openDashboard(browser, system, { path: `/workers/${id}/values?range=3h` });
  const rows = await page.locator("tbody tr").evaluateAll((all) =>
    all.map((row) => ({
      at: Date.parse(row.querySelector("time")?.getAttribute("datetime") ?? ""),
      cells: [...row.querySelectorAll("td.eg-number")].map((cell) => cell.textContent ?? ""),
    })),
  );
  await page.context().close();
  return rows.map(({ at, cells: [cpu = "", requests = ""] }) => ({ at, cpu, requests }));
}

const minuteOf = (time: number) => Math.floor(time / MINUTE_MS) * MINUTE_MS;

/**
 * The minute that all of them fell into; undefined when it was late in one, others came in it, or it ended too soon.
 * `sent` are those of all attempts.
 */
async function sendWithinAMinute(worker: string, sent: { at: number; status: number }[]): Promise<number | undefined> {
  const minute = minuteOf(Date.now());
  if (Date.now() - minute > 20_000 || (sent.at(-1)?.at ?? 0) >= minute) return undefined;
  const before = (await readValues(worker)).find(({ at }) => at === minute)?.requests ?? "–";
  if (!["–", "0"].includes(before)) return undefined;
  for (let count = 0; count < REQUESTS; count += 1) {
    const status = await fetch(system.userAppUrl).then(
      async (response) => {
        await response.text();
        return response.status;
      },
      () => 0,
    );
    sent.push({ at: Date.now(), status });
  }
  return minuteOf(Date.now()) === minute ? minute : undefined;
}

describe("what the dashboard shows of the workers", () => {
  test(`are ${REQUESTS} requests when ${REQUESTS} were sent to the one worker within a minute`, async () => {
    const worker = await waitUntil("one healthy worker", async () => {
      const [only, ...others] = await healthyIds();
      return others.length === 0 ? only : undefined;
    });
    const sent: { at: number; status: number }[] = [];
    const minute = await waitUntil("the requests within one minute", () => sendWithinAMinute(worker, sent), {
      deadlineMs: 4 * MINUTE_MS,
      pollMs: 1_000,
    });
    expect(sent.filter(({ status }) => status !== 200)).toEqual([]);
    const shown = await waitUntil(
      "the minute to be over and its requests in the table",
      async () => {
        const row = (await readValues(worker)).find(({ at }) => at === minute);
        return row !== undefined && Number(row.requests) >= REQUESTS ? row : undefined;
      },
      { deadlineMs: 3 * MINUTE_MS, pollMs: 1_000 },
    );
    expect(shown.requests).toBe(String(REQUESTS));
  }, 480_000);

  test("is the CPU that CloudWatch tells for the same instance and minutes", async () => {
    const [worker] = await instances();
    const shown = await waitUntil(
      "a minute of CPU that is over",
      async () => {
        const over = (await readValues(worker?.id ?? "")).filter(
          ({ at, cpu }) => cpu !== "–" && at < Date.now() - 2 * MINUTE_MS,
        );
        return over.length > 0 ? over : undefined;
      },
      { deadlineMs: 4 * MINUTE_MS, pollMs: 1_000 },
    );
    const { Datapoints = [] } = await cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: "AWS/EC2",
        MetricName: "CPUUtilization",
        Dimensions: [{ Name: "InstanceId", Value: worker?.id }],
        StartTime: new Date(Math.min(...shown.map(({ at }) => at))),
        EndTime: new Date(),
        Period: 60,
        Statistics: ["Average"],
      }),
    );
    const told = new Map(Datapoints.map(({ Timestamp, Average = 0 }) => [Timestamp?.getTime(), Average]));
    for (const { at, cpu } of shown)
      expect([at, Number(cpu)]).toEqual([at, Math.round((told.get(at) ?? -1) * 10) / 10]);
  });

  test("is the list of EC2 and of the target group, after a grow and after a worker was lost", async () => {
    const page = await openDashboard(browser, system, { path: "/workers" });
    await waitUntil("agreement at first", () => agrees(page));
    await page.click("button:has-text('Grow by 1')");
    await waitUntil("the new instance in EC2", async () => (await instances()).length === 2, { deadlineMs: LONG_MS });
    await waitUntil("agreement while it boots", async () => (await rowsOf(page)).length === 2 && agrees(page));
    await waitUntil("two healthy workers", async () => (await healthyIds()).length === 2, { deadlineMs: LONG_MS });
    await waitUntil("agreement when both serve", () => agrees(page));

    const [lost] = await instances();
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost?.id ?? ""] }));
    await waitUntil("the lost one gone from the page", async () =>
      (await rowsOf(page)).every(({ id }) => id !== lost?.id),
    );
    await waitUntil("agreement without it", () => agrees(page));
    await waitUntil(
      "its successor in service",
      async () => (await healthyIds()).length === 2 && (await instances()).length === 2,
      { deadlineMs: LONG_MS },
    );
    await waitUntil("agreement about its successor", () => agrees(page));
  });
});

describe("when the manager is killed under way", () => {
  test("the page says so, keeps what it knew, comes back by itself and tells what was missed, which it did not cause", async () => {
    const page = await openDashboard(browser, system, { mayFail: true });
    await page.waitForSelector('[data-pool="web"] :text-is("of 2 in service")');
    const before = { ids: await instances(), changes: await activityReasons() };
    const { manager } = Parts.parse(JSON.parse(await readFile(join(system.dataDir, "run/parts.json"), "utf8")));
    if (manager === undefined) throw new Error("no manager runs");
    process.kill(manager.pid, "SIGKILL");
    await page.waitForSelector(".connection b:text('Offline')");
    await page.waitForSelector("[data-offline] :text('Offline since')");
    expect(await page.textContent("[data-offline]")).toMatch(/Showing what was known at .*Retry in \d/);
    expect(await page.isVisible('[data-pool="web"] :text-is("of 2 in service")')).toBe(true);
    // The autoscaler went on, and on a busy machine it may have had a reason to act. What it did before the page was
    // offline or after it was back may have been seen.
    const atOffline = (await activityReasons()).length;
    const back = page.locator("[data-offline] :text('Reconnected after')");
    let missed: readonly string[] = [];
    await waitUntil(
      "the page is back",
      async () => {
        const reasons = await activityReasons();
        if (await back.isVisible()) return true;
        missed = reasons.slice(atOffline);
        return false;
      },
      { deadlineMs: LONG_MS },
    );
    const told = (await back.textContent()) ?? "";
    const tells = (reasons: readonly string[]) => reasons.some((reason) => told.includes(reason));
    const sinceKilled = (await activityReasons()).slice(before.changes.length);
    if (missed.length > 0) expect(tells(missed)).toBe(true);
    else if (!tells(sinceKilled)) expect(told).toContain("Nothing was missed.");
    if (sinceKilled.length > 0) return;
    await untilLive(page);
    await page.waitForSelector('[data-pool="web"] :text-is("of 2 in service")');
    expect(await instances()).toEqual(before.ids);
    await page.getByRole("button", { name: "Shrink web by 1" }).click();
    await page.waitForSelector(".toast-line:has-text('web: desired 2 → 1.')");
  });
});

describe("who is no administrator", () => {
  const PLAIN = { username: "plain", password: "a long password" };

  /** Every address that a page of the dashboard links or posts to, one or two of each kind. */
  async function crawl(cookie: string): Promise<readonly string[]> {
    const found = new Set<string>(["/"]);
    const seen = new Map<string, number>();
    for (const path of found) {
      const response = await fetch(system.managerUrl + path, { headers: { cookie }, redirect: "manual" });
      const html = response.headers.get("content-type")?.startsWith("text/html") === true ? await response.text() : "";
      for (const [, link = ""] of html.matchAll(/(?:href|action)="(\/[^"#]*)/g)) {
        const address = link.replaceAll("&amp;", "&");
        const kind = address.replace(/\?.*/, "").replace(/i-[0-9a-f]+/, "i-");
        const times = (seen.get(kind) ?? 0) + 1;
        seen.set(kind, times);
        if (times <= 3) found.add(address);
      }
    }
    return [...found].filter((path) => !/^\/(assets|favicon|login|logout)/.test(path));
  }

  async function state() {
    return {
      pools: await db
        .selectFrom("pools")
        .select(["name", "desired", "min", "max", "policy", "pausedAt", "stopping"])
        .execute(),
      users: await db.selectFrom("users").select(["id", "username", "passwordHash", "role", "isAdmin"]).execute(),
      tokens: await db.selectFrom("apiTokens").select(["id", "revokedAt"]).execute(),
      audited: await db.selectFrom("auditLog").select("id").execute(),
    };
  }

  const cookieOf = async (page: Page): Promise<string> =>
    (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");

  test("reaches nothing, and no address changes anything by GET", async () => {
    const admin = await openDashboard(browser, system, { path: "/users" });
    await admin.fill("#new-username", PLAIN.username);
    await admin.fill("#new-password", PLAIN.password);
    await admin.click("button:text-is('Create user')");
    await admin.waitForSelector("[role=status]:has-text('plain was created')");
    const cookie = await cookieOf(admin);
    const before = await state();
    const paths = await crawl(cookie);
    expect(paths).toEqual(
      expect.arrayContaining(["/pools/web/grow", "/settings/stop", "/users", "/decisions.csv?range=3h"]),
    );
    expect(await state()).toEqual(before);

    // A plain user's session of user-app, shown to the manager under its own cookie's name.
    const user = await (await browser.newContext()).newPage();
    await user.goto(`${system.userAppUrl}/login`);
    await user.fill('main input[name="username"]', PLAIN.username);
    await user.fill('main input[name="password"]', PLAIN.password);
    await user.click('main form button[type="submit"]');
    await user.waitForURL((url) => url.pathname !== "/login");
    const [session] = await user.context().cookies(system.userAppUrl);
    const foreign = `manager_session=${session?.value}`;
    await user.context().close();
    const afterSignIn = await state(); // the audit log tells of sign-ins

    for (const path of [...paths, "/api/v1/pools", "/api/v1/workers"]) {
      for (const cookies of ["", foreign]) {
        const headers = cookies === "" ? new Headers() : new Headers({ cookie: cookies });
        for (const method of ["GET", "POST"]) {
          const response = await fetch(system.managerUrl + path, { method, headers, redirect: "manual" });
          const where = response.headers.get("location") ?? "";
          // 405: the address does not know this method, for anybody.
          const shut =
            [401, 403, 405].includes(response.status) || (response.status === 303 && where.startsWith("/login"));
          expect([path, method, response.status, where, shut]).toEqual([path, method, response.status, where, true]);
        }
      }
    }
    expect(await state()).toEqual(afterSignIn);
  });

  test("is refused by a form without its token and by one from another site, also as an administrator", async () => {
    const admin = await openDashboard(browser, system);
    const cookie = await cookieOf(admin);
    const before = await state();
    const post = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`${system.managerUrl}/pools/web/grow`, { method: "POST", headers: { cookie, ...headers } });
    expect((await post({})).status).toBe(400);
    expect((await post({ "x-csrf-token": "guessed" })).status).toBe(400);
    expect((await post({ origin: "http://evil.example" })).status).toBe(403);
    expect((await post({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect(await state()).toEqual(before);
  });

  test("gets no live data: the socket's namespace refuses", async () => {
    const polling = `${system.managerUrl}/socket.io/?EIO=4&transport=polling`;
    const opened = await (await fetch(polling)).text();
    const { sid } = z.object({ sid: z.string() }).parse(JSON.parse(opened.slice(1)));
    await (await fetch(`${polling}&sid=${sid}`, { method: "POST", body: "40/live," })).text();
    const answer = await (await fetch(`${polling}&sid=${sid}`)).text();
    expect(answer).toBe('44/live,{"message":"Sign in first."}');
  });
});
