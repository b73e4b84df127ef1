import { EC2Client } from "@aws-sdk/client-ec2";
import { createLogger } from "@elastic-gas/shared/logger";
import { resourcesOf } from "@elastic-gas/shared/resources";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isStopped, type StopDeps } from "./end-when-stopped.ts";

let staged: StagedCloud;
let manager: TestManager;
let browser: TestBrowser;
let deps: StopDeps;

beforeAll(async () => {
  staged = await startStagedCloud();
  manager = await startTestManager({ cloud: staged.cloud });
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
  const { endpoint, ...credentials } = staged.cloud;
  deps = {
    db: manager.db,
    ec2: new EC2Client({ region: "us-east-1", endpoint, credentials }),
    resources: resourcesOf({ PREFIX: "dev" }),
    log: createLogger("test", "silent"),
    startId: undefined,
  };
});
afterAll(async () => {
  deps.ec2.destroy();
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
});

describe("the stop button", () => {
  it("does nothing by GET, and nothing without the typed name", async () => {
    await browser.get("/settings/stop?word=dev-gas");
    const response = await browser.post("/settings/stop", { word: "dev-ga" }, "/settings/stop");
    expect(response.status).toBe(400);
    expect(await isStopped(deps)).toBe(false);
    const pools = await manager.db.selectFrom("pools").select("stopping").execute();
    expect(pools.every((pool) => !pool.stopping)).toBe(true);
  });

  it("stores the wish for every pool; it is carried out when no instance is left", async () => {
    staged.stage.workers = [{ id: "i-0aaa", pool: "web", health: "draining", ageSeconds: 600 }];
    await browser.post("/settings/stop", { word: "dev-gas" }, "/settings/stop");
    const pools = await manager.db.selectFrom("pools").select("stopping").execute();
    expect(pools.every((pool) => pool.stopping)).toBe(true);
    expect(await (await browser.get("/settings/stop")).text()).toContain("0 of 1 worker terminated");
    expect(await isStopped(deps)).toBe(false);
    staged.stage.workers = [{ id: "i-0aaa", pool: "web", state: "shutting-down", ageSeconds: 600 }];
    expect(await isStopped(deps)).toBe(false);
    staged.stage.workers = [{ id: "i-0aaa", pool: "web", state: "terminated", ageSeconds: 600 }];
    expect(await isStopped(deps)).toBe(true);
  });

  it("waits for a launch that may still appear", async () => {
    const launch = { id: "0c9e4d71-0000-4000-8000-000000000001", pool: "web", state: "wanted", epoch: 1 } as const;
    await manager.db
      .insertInto("launchIntents")
      .values({ ...launch, subnetId: null, instanceId: null, failure: null })
      .execute();
    expect(await isStopped(deps)).toBe(false);
    await manager.db.deleteFrom("launchIntents").execute();
    expect(await isStopped(deps)).toBe(true);
  });

  it("leaves a new run of start.sh alone, until the autoscaler has begun it", async () => {
    expect(await isStopped({ ...deps, startId: "run-2" })).toBe(false);
  });
});
