import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { connectDatabase, type Database } from "../shared/src/database/connect.ts";
import { freePorts, type Ports, type RunningSystem, startSystem } from "../testing/src/system/system.ts";
import { waitUntil } from "../testing/src/wait-until.ts";

const Records = z.record(z.string(), z.object({ pid: z.number(), startTicks: z.string() }));
/** A second user, registered before everything was killed, shows that nothing acknowledged was lost. */
const KEPT = { username: "kept", password: "pass" };

let system: RunningSystem;
let ports: Ports;
let decoy: Server;
const decoyRequests: string[] = [];

beforeAll(async () => {
  decoy = createServer((req, res) => {
    decoyRequests.push(`${req.method} ${req.url}`);
    res.writeHead(500).end();
  });
  await new Promise<void>((resolve) => decoy.listen(0, "127.0.0.1", resolve));
  const decoyUrl = `http://127.0.0.1:${(decoy.address() as AddressInfo).port}`; // a TCP server has a port
  ports = await freePorts();
  system = await startSystem({
    ports,
    environment: {
      AWS_ACCESS_KEY_ID: "AKIADECOY",
      AWS_SECRET_ACCESS_KEY: "decoy",
      AWS_SESSION_TOKEN: "decoy",
      AWS_PROFILE: "decoy",
      AWS_ENDPOINT_URL_S3: decoyUrl,
      AWS_ENDPOINT_URL_SQS: decoyUrl,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${decoyUrl}/credentials`,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: decoyUrl,
    },
  });
  expect(await register(KEPT)).toBe(200);
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  decoy?.close();
});

async function register({ username, password }: { username: string; password: string }): Promise<number> {
  const response = await fetch(`${system.userAppUrl}/api/register`, {
    method: "POST",
    body: new URLSearchParams({ username, password }),
    signal: AbortSignal.timeout(10_000),
  });
  await response.text();
  return response.status;
}

async function parts() {
  return Records.parse(JSON.parse(await readFile(join(system.dataDir, "run/parts.json"), "utf8")));
}

async function withDatabase<Value>(work: (db: Database) => Promise<Value>): Promise<Value> {
  const db = connectDatabase({ url: await system.databaseUrl(), connectionLimit: 1 });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

test("the machine's AWS credentials and endpoints are never used", () => {
  expect(decoyRequests).toEqual([]);
  for (const [pid, environment] of environmentsOfOurs()) {
    if (pid === system.child.pid) continue; // start.sh itself has what it was given; its children must not
    expect(environment, `process ${pid}`).not.toMatch(/AKIADECOY|AWS_PROFILE=decoy/);
  }
});

test("workers share what Node has compiled", () => {
  const shared = join(system.dataDir, "cache/compiled");
  expect(readdirSync(shared)).not.toEqual([]);
  const workers = [...environmentsOfOurs().values()].filter(
    (environment) =>
      environment.includes(`${system.dataDir}/instances/`) && environment.includes("NODE_COMPILE_CACHE="),
  );
  expect(workers).not.toEqual([]);
  for (const environment of workers) {
    expect(environment).toContain("NODE_COMPILE_CACHE_PORTABLE=1");
    const [, folder = ""] = /NODE_COMPILE_CACHE=([^\0]+)/.exec(environment) ?? [];
    expect(realpathSync(folder)).toBe(realpathSync(shared));
  }
});

test.each(["mariadb", "local-cloud", "autoscaler", "manager"])(
  "after kill -9 of %s it is back and the pages work",
  async (name) => {
    const before = (await parts())[name];
    if (before === undefined) throw new Error(`${name} is not running`);
    process.kill(before.pid, "SIGKILL");
    await waitUntil(
      `${name} to be started again`,
      async () => {
        const now = (await parts())[name];
        return now !== undefined && now.pid !== before.pid;
      },
      { deadlineMs: 120_000 },
    );
    await waitUntil("the manager to answer", async () => (await fetch(`${system.managerUrl}/healthz`)).ok, {
      deadlineMs: 120_000,
    });
    await waitUntil(
      "an acknowledged account to be there and the API to work",
      async () => (await register(KEPT)) === 409,
      {
        deadlineMs: 120_000,
      },
    );
  },
);

test("after kill -9 of the supervisor everything is back and workers went on", async () => {
  const workersBefore = await withDatabase((db) => db.selectFrom("workers").select("instanceId").execute());
  const run = Records.parse(JSON.parse(await readFile(join(system.dataDir, "run/start.json"), "utf8")));
  if (run.supervisor === undefined) throw new Error("no supervisor");
  const outputBefore = system.output().length;
  process.kill(run.supervisor.pid, "SIGKILL");
  await waitUntil(
    "the supervisor to be replaced and all parts to be up",
    () => system.output().slice(outputBefore).includes("ok manager"),
    {
      deadlineMs: 90_000,
    },
  );
  await waitUntil("the API", async () => (await register(KEPT)) === 409, { deadlineMs: 120_000 });
  const workersAfter = await withDatabase((db) => db.selectFrom("workers").select("instanceId").execute());
  const kept = workersAfter.filter(({ instanceId }) =>
    workersBefore.some((worker) => worker.instanceId === instanceId),
  );
  expect(kept.length).toBeGreaterThan(0);
});

test("after kill -9 of every worker's processes all pools are back", async () => {
  const instances = instancePids();
  expect(instances.length).toBeGreaterThan(0);
  for (const pid of instances) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended with its parent a moment ago
    }
  }
  await waitUntil("a new web worker behind the balancer", async () => (await register(KEPT)) === 409, {
    deadlineMs: 180_000,
  });
  await waitUntil(
    "two annotators with a fresh heartbeat",
    async () => {
      const fresh = await withDatabase((db) =>
        db
          .selectFrom("workers")
          .select("instanceId")
          .where("pool", "=", "annotator")
          .where("at", ">", new Date(Date.now() - 5_000))
          .execute(),
      );
      return fresh.length >= 2;
    },
    { deadlineMs: 180_000 },
  );
});

test("a second start.sh in the same folder says that one runs already, and changes nothing", async () => {
  const before = await parts();
  await expect(startSystem({ dataDir: system.dataDir, ports })).rejects.toThrow(/already runs/);
  expect(await parts()).toEqual(before);
});

test("Ctrl-C ends every process that was started and frees every port; the next start finds all data", async () => {
  const code = await system.stop("SIGINT");
  expect(code).toBe(0);
  expect(processesOfOurs()).toEqual([]);
  for (const port of Object.values(ports)) await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();

  const again = await startSystem({ dataDir: system.dataDir, ports });
  try {
    expect(await register(KEPT)).toBe(409);
  } finally {
    await again.stop();
  }
  expect(processesOfOurs()).toEqual([]);
});

/** Pids whose environment names our data folder, or who work in it. */
function processesOfOurs(): readonly number[] {
  return [...environmentsOfOurs()].map(([pid]) => pid);
}

function environmentsOfOurs(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (environment.includes(system.dataDir) || command.includes(system.dataDir)) found.set(pid, environment);
    } catch {
      // ended while we looked
    }
  }
  return found;
}

/** Processes of instances: their home is below the data folder's instances. */
function instancePids(): readonly number[] {
  return [...environmentsOfOurs()]
    .filter(([, environment]) => environment.includes(`${system.dataDir}/instances/`))
    .map(([pid]) => pid);
}
