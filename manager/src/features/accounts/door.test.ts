import { insertRelease } from "@elastic-gas/shared/releases/releases";
import {
  makePools,
  PLAIN_USER,
  startTestManager,
  TestBrowser,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import { CURRENT_RELEASE, useRelease } from "@elastic-gas/testing/releases";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { LIVE_NAMESPACE } from "../../pages/live/live-events.ts";

let manager: TestManager;
let admin: TestBrowser;
let viewer: TestBrowser;

beforeAll(async () => {
  manager = await startTestManager();
  await makePools(manager.db);
  // What buttons would otherwise stand beside: a paused pool, an old version, a message to send again.
  await manager.db.updateTable("pools").set({ paused: true, pausedBy: "anna", pausedAt: new Date() }).execute();
  await manager.db
    .insertInto("deadLetters")
    .values({
      queue: "thaw",
      messageId: "m1",
      body: "{}",
      outcome: "Set aside.",
      resolvedAt: null,
      reason: null,
      sentAgainAt: null,
    })
    .execute();
  await useRelease(manager.db, CURRENT_RELEASE);
  const next = { ...CURRENT_RELEASE, sha256: "1".repeat(64) };
  await insertRelease(manager.db, next, { actor: "anna", now: new Date() });
  admin = new TestBrowser(manager.url);
  await admin.signIn();
  await admin.post("/users", { username: "vera", email: "", password: "only for looking", role: "viewer" }, "/users");
  viewer = new TestBrowser(manager.url);
});
afterAll(() => manager[Symbol.asyncDispose]());

describe("a viewer", () => {
  it("signs in; a user of the annotation service does not", async () => {
    expect((await viewer.signIn({ username: "vera", password: "only for looking" })).status).toBe(303);
    expect((await new TestBrowser(manager.url).signIn(PLAIN_USER)).status).toBe(401);
  });

  it.each([
    "/",
    "/workers",
    "/decisions",
    "/decisions.csv",
    "/policy/web",
    "/alerts",
    "/load-test",
    "/releases",
    "/charts/web/workers",
  ])("looks at %s, where nothing can be pressed that changes something", async (path) => {
    const response = await viewer.get(path);
    expect(response.status).toBe(200);
    const forms = [...(await response.text()).matchAll(/<form[^>]*method="post"[^>]*action="([^"]*)"/g)];
    // The policy's fields are shown in their form, shut.
    expect(forms.map(([, action]) => action).filter((action) => action !== "/policy/web")).toEqual(
      path.endsWith(".csv") ? [] : ["/logout"],
    );
    if (path !== "/policy/web") return;
    const page = await (await viewer.get(path)).text();
    expect(page).toMatch(/<fieldset[^>]* disabled/);
    expect(page).not.toContain("data-save");
  });

  it.each([
    "/users",
    "/audit",
    "/tokens",
    "/settings/stop",
    "/settings/delete",
    "/alerts/channels",
    "/workers/i-0a/console",
  ])("is turned away from %s", async (path) => {
    const response = await viewer.get(path);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("You may look at the pools, but not do this.");
  });

  it.each([
    "/pools/web/grow",
    "/pools/web/resume",
    "/workers/i-0a/replace",
    "/policy/web",
    "/policy/web/undo",
    "/policy/web/preview",
    "/alerts/dead-letters/send",
    "/alerts/channels",
    "/load-test/start",
    "/releases/update",
    "/releases/roll-back",
    "/settings/stop",
    "/settings/delete",
    "/users",
    "/users/1/admin",
    "/tokens",
  ])("is refused every change: %s", async (path) => {
    const before = await manager.db.selectFrom("pools").selectAll().execute();
    // With a token that is right, as from the account page, so that it is not the form that is refused.
    const response = await viewer.post(path, {}, "/account");
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("Ask an administrator");
    expect(await manager.db.selectFrom("pools").selectAll().execute()).toEqual(before);
  });

  it("is no administrator of the API", async () => {
    expect((await viewer.get("/api/v1/status")).status).toBe(403);
  });

  it("sees live values, until an administrator takes that away", async () => {
    const connect = () => {
      const socket = io(`${manager.url}${LIVE_NAMESPACE}`, {
        transports: ["websocket"],
        reconnection: false,
        extraHeaders: { cookie: viewer.cookie },
      });
      onTestFinished(() => void socket.disconnect());
      return new Promise<string>((resolve) => {
        socket.on("connect", () => resolve("connected"));
        socket.on("connect_error", (error) => resolve(error.message));
      });
    };
    expect(await connect()).toBe("connected");
    const { id } = await manager.db
      .selectFrom("users")
      .select("id")
      .where("username", "=", "vera")
      .executeTakeFirstOrThrow();
    await admin.post(`/users/${id}/viewer`, { wanted: "no" }, "/users");
    expect(await connect()).toBe("Only administrators and viewers may look.");
    expect((await viewer.get("/")).status).toBe(403);
    const rows = await manager.db
      .selectFrom("auditLog")
      .select(["action", "target"])
      .where("action", "=", "user.not-viewer")
      .execute();
    expect(rows).toEqual([{ action: "user.not-viewer", target: "vera" }]);
  });
});
