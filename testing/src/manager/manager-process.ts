import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createPasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import { createUser } from "@elastic-gas/shared/accounts/users";
import type { Database } from "@elastic-gas/shared/database/connect";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { createTestDatabase } from "../database.ts";
import { buildProgram } from "../programs.ts";
import { waitUntil } from "../wait-until.ts";
import { ADMIN, makePools } from "./test-manager.ts";

/**
 * The manager as start.sh runs it: a process of its own, on a database of its own, with an administrator and the pools.
 */
export interface ManagerProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  readonly db: Database;
  /**
   * Of the process, in MB: what it holds of the machine, and what lives in its heap after a full garbage collection.
   */
  measureMemory(): Promise<{ readonly residentMb: number; readonly heapMb: number }>;
}

export interface ManagerProcessOptions {
  readonly cloud: { readonly endpoint: string; readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly environment?: Readonly<Record<string, string>>;
}

const MB = 1024 * 1024;

export async function startManagerProcess({ cloud, environment }: ManagerProcessOptions): Promise<ManagerProcess> {
  const database = await createTestDatabase();
  const passwordHash = await createPasswordVerifier().hash(ADMIN.password);
  await createUser(database.db, { username: ADMIN.username, passwordHash, isAdmin: true });
  await makePools(database.db);
  const dataDir = await mkdtemp(join(tmpdir(), "manager-process-"));
  const key = `aws_access_key_id = ${cloud.accessKeyId}\naws_secret_access_key = ${cloud.secretAccessKey}\n`;
  await writeFile(join(dataDir, "credentials"), `[default]\n${key}`);
  const port = await findFreePort();
  // The inspector is what asks for a garbage collection and the size of the heap.
  const child = spawn(process.execPath, ["--inspect=127.0.0.1:0", ...(await buildProgram("manager"))], {
    env: {
      PATH: process.env.PATH,
      CLOUD: "local",
      AWS_ENDPOINT_URL: cloud.endpoint,
      DATABASE_URL: await database.urlOf("manager"),
      DATA_DIR: dataDir,
      MANAGER_PORT: String(port),
      PREFIX: "dev",
      LOG_LEVEL: "fatal",
      ...environment,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const inspectorUrl = await readInspectorUrl(child.stderr);
  const url = `http://127.0.0.1:${port}`;
  await waitUntil("the manager answers", async () => (await fetch(`${url}/healthz`)).ok, { deadlineMs: 120_000 });
  const inspector = await openInspector(inspectorUrl);
  return {
    url,
    pid: child.pid ?? 0,
    db: database.db,
    async measureMemory() {
      await inspector.ask("HeapProfiler.collectGarbage");
      const usage = await inspector.ask("Runtime.getHeapUsage");
      const status = await readFile(`/proc/${child.pid}/status`, "latin1");
      const residentKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
      return { residentMb: residentKb / 1024, heapMb: Number(usage.usedSize) / MB };
    },
    async [Symbol.asyncDispose]() {
      inspector.close();
      if (child.exitCode === null) {
        const exit = once(child, "exit");
        child.kill("SIGTERM");
        await exit;
      }
      await database[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function readInspectorUrl(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const url = /^Debugger listening on (ws:\/\/\S+)$/.exec(line)?.[1];
    if (url !== undefined) {
      stderr.resume();
      return url;
    }
  }
  throw new Error("The manager's process ended before it started its inspector.");
}

interface Inspector {
  ask(method: string): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
}

/** https://chromedevtools.github.io/devtools-protocol/v8/ */
async function openInspector(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve, { once: true });
    socket.addEventListener("error", () => reject(new Error(`No inspector at ${url}.`)), { once: true });
  });
  const waiting = new Map<number, (result: Readonly<Record<string, unknown>>) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: Readonly<Record<string, unknown>> }; // the protocol's shape
    if (id === undefined) return;
    waiting.get(id)?.(result ?? {});
    waiting.delete(id);
  });
  let asked = 0;
  return {
    ask: (method) =>
      new Promise((resolve) => {
        asked += 1;
        waiting.set(asked, resolve);
        socket.send(JSON.stringify({ id: asked, method }));
      }),
    close: () => socket.close(),
  };
}
