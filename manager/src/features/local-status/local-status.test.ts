import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools, startTestManager, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { makeLocalKey } from "./local-key.ts";

const KEY = "the key of this run";
let staged: StagedCloud;
let manager: TestManager;

beforeAll(async () => {
  staged = await startStagedCloud();
  manager = await startTestManager({ cloud: staged.cloud, localKey: KEY });
  await makePools(manager.db);
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
});

const ask = (key?: string): Promise<Response> =>
  fetch(`${manager.url}/local/status`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    redirect: "manual",
  });

describe("the status for start.sh", () => {
  it("shows each worker with its pool and state, the pools, and what needs attention", async () => {
    staged.stage.workers = [
      { id: "i-0aaa", pool: "web", health: "healthy", ageSeconds: 600 },
      { id: "i-0bbb", pool: "web", state: "terminated", ageSeconds: 600 },
    ];
    const response = await ask(KEY);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    const text = await response.text();
    expect(text).toMatch(/^POOL +WORKER +STATE +WHY\nweb +i-0aaa +in service /);
    expect(text).not.toContain("i-0bbb");
    expect(text).toMatch(/^annotator +2 /m);
    expect(text).toContain("autoscaler: not seen yet");
  });

  it.each([
    ["no key", undefined],
    ["another key", "the key of that run"],
    ["an empty one", ""],
  ])("is refused with %s", async (_, key) => {
    const response = await ask(key);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain("i-0aaa");
  });

  it("is closed when the manager has no key", async () => {
    await using closed = await startTestManager();
    expect((await fetch(`${closed.url}/local/status`, { headers: { authorization: "Bearer undefined" } })).status).toBe(
      401,
    );
  });
});

describe("the key", () => {
  it("is another one for each run, in a file that only its owner can read", () => {
    const folder = mkdtempSync(join(tmpdir(), "local-key-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const first = makeLocalKey(folder);
    const second = makeLocalKey(folder);
    expect(first).not.toBe(second);
    expect(readFileSync(join(folder, "run/manager-key"), "utf8")).toBe(second);
    expect(statSync(join(folder, "run/manager-key")).mode & 0o077).toBe(0);
  });

  it("is none when it cannot be written down", () => {
    const folder = mkdtempSync(join(tmpdir(), "local-key-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "run"), "a file where the folder should be");
    expect(makeLocalKey(folder)).toBeUndefined();
  });
});
