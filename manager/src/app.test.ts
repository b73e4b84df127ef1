import {
  ADMIN,
  makePools,
  PLAIN_USER,
  startTestManager,
  TestBrowser,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetSnapshot } from "./model/fleet/fleet-snapshot.ts";
import type { Whole } from "./model/live/versions.ts";
import { LIVE_NAMESPACE } from "./pages/live/live-events.ts";

let manager: TestManager;
let browser: TestBrowser;

beforeAll(async () => {
  manager = await startTestManager();
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(() => manager[Symbol.asyncDispose]());

const PAGES = [
  "/",
  "/workers",
  "/workers?density=compact&filter=none",
  "/decisions",
  "/decisions?fold=off&kind=refused",
  "/policy/web",
  "/policy/annotator",
  "/policy/web?kind=adaptive",
  "/alerts",
  "/alerts/channels",
  "/load-test",
  "/users",
  "/audit",
  "/tokens",
  "/account",
  "/settings/stop",
];

describe("the door", () => {
  it.each([...PAGES, "/decisions.csv", "/nowhere"])(
    "sends an anonymous reader of %s to the sign-in page",
    async (path) => {
      const response = await fetch(manager.url + path, { redirect: "manual" });
      expect(response.status).toBe(303);
      expect(response.headers.get("location")).toBe(`/login?next=${encodeURIComponent(path)}`);
    },
  );

  it("opens health and readiness to everybody, metrics to the holders of a token", async () => {
    expect(await (await fetch(`${manager.url}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${manager.url}/readyz`)).json()).toEqual({ status: "ready" });
    expect((await fetch(`${manager.url}/metrics`)).status).toBe(401);
  });

  it("lets administrators in, and brings them to the page that they wanted", async () => {
    const visitor = new TestBrowser(manager.url);
    const response = await visitor.post("/login", { ...ADMIN, next: "/workers" }, "/login");
    expect([response.status, response.headers.get("location")]).toEqual([303, "/workers"]);
    expect((await visitor.get("/")).status).toBe(200);
  });

  it("gives a plain user the same answer as a wrong password", async () => {
    const plain = await new TestBrowser(manager.url).signIn(PLAIN_USER);
    const wrong = await new TestBrowser(manager.url).signIn({ ...ADMIN, password: "wrong" });
    expect([plain.status, wrong.status]).toEqual([401, 401]);
    const words = "User name or password is wrong";
    expect(await plain.text()).toContain(words);
    expect(await wrong.text()).toContain(words);
  });

  it.each([
    ["/users?q=ann", "/login?next=%2Fusers%3Fq%3Dann&unsent=1"],
    ["http://elsewhere.example/users", "/login?unsent=1"],
  ])("says at the sign-in that a form was not taken, and leads back to %s", async (from, location) => {
    const headers = { referer: new URL(from, manager.url).href };
    const response = await fetch(`${manager.url}/users`, { method: "POST", redirect: "manual", headers });
    expect(response.headers.get("location")).toBe(location);
    const page = await (await fetch(manager.url + location)).text();
    expect(page).toContain("You were signed out before this was sent.");
  });

  it("asks whose session has ended to sign in, whatever form he sends", async () => {
    for (const path of ["/pools/web/grow", "/policy/web", "/settings/stop", "/users"]) {
      const response = await fetch(manager.url + path, { method: "POST", redirect: "manual" });
      expect([path, response.status, response.headers.get("location")]).toEqual([path, 303, "/login?unsent=1"]);
    }
    expect((await fetch(`${manager.url}/login`, { method: "POST" })).status).toBe(400);
    expect((await fetch(`${manager.url}/logout`, { method: "POST" })).status).toBe(400);
    expect((await fetch(`${manager.url}/api/v1/pools/web/grow`, { method: "POST" })).status).toBe(401);
  });

  it("changes nothing by GET, and nothing without the form's token", async () => {
    expect((await browser.get("/pools/web/grow")).status).toBe(405);
    const response = await fetch(`${manager.url}/pools/web/grow`, {
      method: "POST",
      headers: { cookie: browser.cookie },
    });
    expect(response.status).toBe(400);
    const foreign = await fetch(`${manager.url}/pools/web/grow`, {
      method: "POST",
      headers: { cookie: browser.cookie, "sec-fetch-site": "cross-site" },
    });
    expect(foreign.status).toBe(403);
    const pool = await manager.db.selectFrom("pools").select("desired").where("name", "=", "web").executeTakeFirst();
    expect(pool?.desired).toBe(1);
  });

  it("refuses live connections without a session or to who is no administrator any more", async () => {
    const connect = (cookie: string) =>
      new Promise<string>((resolve) => {
        const socket = io(manager.url + LIVE_NAMESPACE, {
          extraHeaders: { cookie },
          reconnection: false,
          transports: ["websocket"],
        });
        const end = (words: string) => {
          socket.disconnect();
          resolve(words);
        };
        socket.on("fleet", ({ value }: Whole<FleetSnapshot>) => end(`${value.pools.length} pools`));
        socket.on("connect_error", (error) => end(error.message));
      });
    expect(await connect("")).toBe("Sign in first.");
    expect(await connect(browser.cookie)).toBe("3 pools");
    const setAdmin = (isAdmin: boolean) =>
      manager.db.updateTable("users").set({ isAdmin }).where("username", "=", ADMIN.username).execute();
    await setAdmin(false);
    expect(await connect(browser.cookie)).toBe("Only administrators and viewers may look.");
    expect((await browser.get("/")).status).toBe(403);
    await setAdmin(true);
  });
});

describe("the pages", () => {
  it.each(PAGES)("%s comes complete from the server, without inline scripts or styles", async (path) => {
    const response = await browser.get(path);
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toContain("</html>");
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+="/);
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
  });

  it("say that AWS does not answer, and show what MySQL knows", async () => {
    const html = await (await browser.get("/")).text();
    expect(html).toContain("AWS does not answer.");
    expect(html).toContain("min 2 · max 10");
  });

  it("have a page of their own for what does not exist", async () => {
    const response = await browser.get("/nowhere");
    expect(response.status).toBe(404);
    const html = await response.text();
    expect(html).toContain("This page does not exist.");
    expect(html).toContain('href="/workers"');
    expect(html).not.toContain("data-side-count");
  });

  it("fill in the recommended numbers without saving them", async () => {
    const first = await (await browser.get("/policy/web?kind=cpu")).text();
    expect(first).toContain('href="/policy/web?kind=cpu&amp;numbers=recommended"');
    const filled = await (await browser.get("/policy/web?kind=cpu&numbers=recommended")).text();
    expect(filled).toMatch(/name="growThresholdPercent" value="65"/);
    expect(filled).toMatch(/name="growOnlyToNeed"[^>]* checked/);
    expect(filled).toContain("not in force until they are saved");
    expect(await (await browser.get("/policy/web?kind=cpu")).text()).toMatch(/name="growThresholdPercent" value="70"/);
  });

  it("tell what lies between any two versions of a policy", async () => {
    const version = (number: number, growRatio: number, max: number) => ({
      pool: "annotator" as const,
      version: number,
      policy: JSON.stringify({ kind: "cpu", growRatio }),
      min: 1,
      max,
      actor: "ada",
      at: new Date(Date.UTC(2026, 0, number)),
    });
    await manager.db
      .insertInto("policyVersions")
      .values([version(1, 2, 4), version(2, 1.5, 4), version(3, 1.5, 8)])
      .execute();
    const html = await (await browser.get("/policy/annotator?from=1&to=3")).text();
    expect(html).toContain("v1 → v3: </strong>grow ratio 2 → 1.5, maximum 4 → 8.");
    expect((await browser.get("/policy/annotator?from=1&to=9")).status).toBe(404);
    expect(await (await browser.get("/policy/annotator")).text()).toContain("Show the difference");
  });
});
