import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCredentials } from "@elastic-gas/local-cloud/credentials";
import type { Credentials } from "@elastic-gas/local-cloud/wire/auth/authenticate";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { waitUntil } from "@elastic-gas/testing/wait-until";

const MAIN = join(import.meta.dirname, "../../../local-cloud/src/main.ts");
const REGION = "us-east-1";
const STOP_MS = 10_000;

/** A local-cloud of its own, started as `start.sh` starts it, with its data in a temporary folder that goes with it. */
export interface CloudProcess extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly dataDir: string;
  readonly clientConfig: ClientConfig;
  /** What it wrote to stderr so far. */
  stderr(): string;
}

export interface ClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly forcePathStyle: true;
  readonly maxAttempts: 1;
}

export async function startCloudProcess(nodeOptions: readonly string[] = []): Promise<CloudProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), "local-cloud-performance-"));
  const port = await findFreePort();
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: dataDir,
    LOCAL_CLOUD_PORT: String(port),
    LB_PORT: String(await findFreePort()),
    LOCAL_ADDRESS_BLOCK: `127.${randomInt(64, 250)}.${randomInt(1, 250)}`,
    PREFIX: "performance",
    LOG_LEVEL: "warn",
  };
  const child = spawn(process.execPath, [...nodeOptions, MAIN], { env, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // However this process ends, by a signal or an error nobody caught, nothing of it stays.
  const abandon = () => {
    child.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  };
  process.once("exit", abandon);
  const dispose = async () => {
    process.off("exit", abandon);
    await stop(child);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await waitUntil("local-cloud answers /_health", async () => {
      if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${stderr}`);
      return (await fetch(`http://127.0.0.1:${port}/_health`)).status === 200;
    });
    const path = join(dataDir, "credentials");
    const credentials = parseCredentials(await readFile(path, "utf8"), path);
    const endpoint = `http://127.0.0.1:${port}`;
    return {
      pid: pidOf(child),
      port,
      dataDir,
      clientConfig: { endpoint, region: REGION, credentials, forcePathStyle: true, maxAttempts: 1 },
      stderr: () => stderr,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

export function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("The process did not start.");
  return pid;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exited;
  clearTimeout(timer);
}
