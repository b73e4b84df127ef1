import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { serve } from "@elastic-gas/shared/web/serve";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { buildProgram } from "@elastic-gas/testing/programs";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import express from "express";
import { expect, onTestFinished, test } from "vitest";

const ADDRESS = "127.0.0.77";

/** The metadata service of an instance whose address is ADDRESS. */
async function startMetadata(): Promise<string> {
  const app = express();
  app.put("/latest/api/token", (_req, res) => {
    res.send("token");
  });
  const credentials = { AccessKeyId: "a", SecretAccessKey: "b", Token: "c", Expiration: "2099-01-01T00:00:00Z" };
  const answers: Record<string, string> = {
    "iam/security-credentials/": "dev-gas-web",
    "iam/security-credentials/dev-gas-web": JSON.stringify(credentials),
    "instance-id": "i-0abc",
    "local-ipv4": ADDRESS,
    "placement/availability-zone": "us-east-1a",
    "instance-type": "t3.small",
  };
  app.get("/latest/meta-data/*path", (req, res) => {
    const answer = answers[req.path.replace("/latest/meta-data/", "")];
    if (answer === undefined) res.status(404).end();
    else res.send(answer);
  });
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => listening.close(0));
  return `http://127.0.0.1:${listening.port}`;
}

async function startWorker(databaseUrl: string) {
  const dataDir = await mkdtemp(join(tmpdir(), "gas-worker-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  await writeFile(join(dataDir, "credentials"), "[default]\naws_access_key_id = a\naws_secret_access_key = b\n");
  const port = await findFreePort();
  const child = spawn(process.execPath, await buildProgram("user-app"), {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      NODE_NO_WARNINGS: "1",
      CLOUD: "local",
      // Nothing listens there: AWS is down.
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: await startMetadata(),
      DATABASE_URL: databaseUrl,
      DATA_DIR: dataDir,
      WORKER_PORT: String(port),
      MASK_MODEL: join(dataDir, "none"),
      HEARTBEAT_SECONDS: "0.5",
    },
  });
  child.stdout.resume();
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const origin = `http://${ADDRESS}:${port}`;
  await waitUntil("the worker to listen", async () => (await fetch(`${origin}/healthz`)).status > 0);
  return { child, ended, origin, port };
}

test("is unhealthy until MySQL has answered, says so to readers, and ends with 0 when asked", async () => {
  const { child, ended, origin, port } = await startWorker("mysql://gas@127.0.0.1:9/gas");
  expect((await fetch(`${origin}/healthz`)).status).toBe(503);
  const page = await fetch(origin);
  expect([page.status, page.headers.get("retry-after")]).toEqual([503, "2"]);
  // Other workers live on other addresses of the same machine.
  await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
}, 180_000);

test("beats under its instance id, in the web pool, and leaves the autoscaler's columns alone", async () => {
  await using database = await createTestDatabase();
  const { child, ended, origin } = await startWorker(database.url);
  // AWS is down: credentials come from the instance, and nothing more of AWS is asked.
  await waitUntil("the worker to be healthy", async () => (await fetch(`${origin}/healthz`)).ok);
  const { db } = database;
  const row = () => db.selectFrom("workers").selectAll().where("instanceId", "=", "i-0abc").executeTakeFirst();
  const first = await waitUntil("a heartbeat", row);
  expect(first).toMatchObject({ pool: "web", draining: false });
  await db
    .updateTable("workers")
    .set({ draining: true, victimReason: "shrink" })
    .where("instanceId", "=", "i-0abc")
    .execute();
  const later = await waitUntil("the next heartbeat", async () => {
    const now = await row();
    return now?.at !== null && now?.at !== undefined && now.at > (first.at ?? new Date()) ? now : undefined;
  });
  expect(later).toMatchObject({ draining: true, victimReason: "shrink" });
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
}, 180_000);
