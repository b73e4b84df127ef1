import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools } from "@elastic-gas/testing/manager/test-manager";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let staged: StagedCloud;
let database: TestDatabase;
let dataDir: string;

beforeAll(async () => {
  staged = await startStagedCloud();
  database = await createTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), "manager-main-"));
  const { accessKeyId, secretAccessKey } = staged.cloud;
  const text = `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
  await writeFile(join(dataDir, "credentials"), text);
  await makePools(database.db);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true });
});

async function start(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const port = await findFreePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    env: {
      PATH: process.env.PATH,
      CLOUD: "local",
      AWS_ENDPOINT_URL: staged.cloud.endpoint,
      DATABASE_URL: await database.urlOf("manager"),
      DATA_DIR: dataDir,
      MANAGER_PORT: String(port),
      LOG_LEVEL: "fatal",
    },
    stdio: "ignore",
  });
  await waitUntil("the manager answers", async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok);
  return { child, port };
}

describe("the manager's process", () => {
  it("listens on every address of the machine, and ends with 0 when it is told to", async () => {
    const { child, port } = await start();
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === "IPv4" && !address.internal);
    if (outside !== undefined) expect((await fetch(`http://${outside.address}:${port}/healthz`)).status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("ends by itself with 0 when the stop is carried out", async () => {
    staged.stage.workers = [{ id: "i-0aaa", pool: "web", state: "running", ageSeconds: 60 }];
    await database.db.updateTable("pools").set({ stopping: true }).execute();
    await database.db.insertInto("settings").values({ name: "stop_requested", value: "{}" }).execute();
    const { child } = await start();
    expect(child.exitCode).toBeNull();
    const exit = once(child, "exit");
    staged.stage.workers = [{ id: "i-0aaa", pool: "web", state: "terminated", ageSeconds: 60 }];
    expect(await exit).toEqual([0, null]);
  });
});
