import { insertRelease } from "@elastic-gas/shared/releases/releases";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { CURRENT_RELEASE, useRelease } from "@elastic-gas/testing/releases";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCommand } from "../../features/cli/run-command.ts";

let staged: StagedCloud;
let manager: TestManager;
let browser: TestBrowser;
let first: string;
let second: string;

beforeAll(async () => {
  staged = await startStagedCloud();
  manager = await startTestManager({ cloud: staged.cloud });
  await makePools(manager.db);
  first = await useRelease(manager.db, CURRENT_RELEASE);
  const next = { ...CURRENT_RELEASE, sha256: "1".repeat(64) };
  second = await insertRelease(manager.db, next, { actor: "anna", now: new Date(Date.now() + 1_000) });
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(async () => {
  await manager?.[Symbol.asyncDispose]();
  await staged?.[Symbol.asyncDispose]();
});

const page = async () => (await browser.get("/releases")).text();
const audited = async () =>
  (
    await manager.db
      .selectFrom("auditLog")
      .select("action")
      .where("action", "like", "release.%")
      .orderBy("id")
      .execute()
  ).map(({ action }) => action);

it("shows what runs and what was published, and begins, pauses, resumes and takes back an update", async () => {
  expect(await page()).toMatch(new RegExp(`${first.slice(0, 10)}.*in use`, "s"));
  await browser.post("/releases/update", { release: second }, "/releases");
  // The same click again, and another release meanwhile, begin nothing.
  await browser.post("/releases/update", { release: second }, "/releases");
  expect(await page()).toMatch(/Update under way.*Not begun yet/s);
  await browser.post("/releases/pause", {}, "/releases");
  expect(await page()).toContain("Update paused");
  await browser.post("/releases/resume", {}, "/releases");
  await browser.post("/releases/roll-back", {}, "/releases");
  expect(await page()).toMatch(/Rolling back.*anna asked for it/s);
  const updates = await manager.db.selectFrom("releaseUpdates").select(["state", "active"]).orderBy("id").execute();
  expect(updates).toEqual([
    { state: "completed", active: null },
    { state: "rolling back", active: true },
  ]);
  const actions = ["update", "update", "pause", "resume", "roll-back"];
  expect(await audited()).toEqual(actions.map((action) => `release.${action}`));
});

it("refuses what is no hash", async () => {
  const { status } = await browser.post("/releases/update", { release: "no hash" }, "/releases");
  expect(status).toBe(400);
});

it("is the same on the command line", async () => {
  await browser.post("/tokens", { name: "cli", scope: "operate" }, "/tokens");
  const token = /egm_[\w-]{43}/.exec(await (await browser.get("/tokens")).text())?.[0] ?? "";
  const run = async (...args: readonly string[]) => {
    let out = "";
    const say = (text: string): void => {
      out += text;
    };
    const code = await runCommand(args, {
      environment: { ELASTIC_GAS_URL: manager.url, ELASTIC_GAS_TOKEN: token },
      out: say,
      err: say,
    });
    return { code, out };
  };
  expect((await run("releases")).out).toMatch(new RegExp(`${first.slice(0, 10)} .* in use\\s`));
  expect((await run("releases")).out).toMatch(/rolling back: anna asked for it\./);
  expect(await run("update", second.slice(0, 8))).toEqual({
    code: 1,
    out: expect.stringMatching(/an update to \w{10} is rolling back; wait for its end/),
  });
  expect((await run("update", "zzzz")).code).toBe(1);
  expect(await run("update", "pause")).toMatchObject({ code: 1 });
});
