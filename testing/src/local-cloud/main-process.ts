import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCredentials } from "@elastic-gas/local-cloud/credentials";
import type { Credentials } from "@elastic-gas/local-cloud/wire/auth/authenticate";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { buildProgram } from "../programs.ts";
import { waitUntil } from "../wait-until.ts";
import { blockOfPort } from "./address-block.ts";

/**
 * local-cloud as a process of its own, as start.sh runs it, that can be ended and started again on the same data and
 * ports.
 */
export interface MainProcess extends AsyncDisposable {
  readonly dataDir: string;
  readonly port: number;
  readonly loadBalancerPort: number;
  /** For any SDK client, which lives on over restarts. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: Credentials;
    readonly forcePathStyle: true;
  };
  /** Gives the exit code and the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<readonly [number | null, NodeJS.Signals | null]>;
  /** Resolves when `/_health` answers ok. */
  start(): Promise<void>;
}

export async function startMainProcess(settings: Readonly<Record<string, string>> = {}): Promise<MainProcess> {
  const program = await buildProgram("local-cloud");
  const dataDir = await mkdtemp(join(tmpdir(), "local-cloud-main-"));
  const [port, loadBalancerPort] = [await findFreePort(), await findFreePort()];
  const environment = {
    PATH: process.env.PATH,
    DATA_DIR: dataDir,
    LOCAL_CLOUD_PORT: String(port),
    LB_PORT: String(loadBalancerPort),
    LOCAL_ADDRESS_BLOCK: blockOfPort(port),
    HEALTH_CHECK_INTERVAL_SECONDS: "1",
    PREFIX: "test",
    LOG_LEVEL: "warn",
    ...settings,
  };
  let child: ChildProcess | undefined;
  const endpoint = `http://127.0.0.1:${port}`;

  const end = async (signal: NodeJS.Signals): Promise<readonly [number | null, NodeJS.Signals | null]> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return [null, null];
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
    return [child.exitCode, child.signalCode];
  };
  const start = async () => {
    const started = spawn(process.execPath, program, { env: environment, stdio: "ignore" });
    child = started;
    await waitUntil(
      "local-cloud answers /_health",
      async () => {
        if (started.exitCode !== null) throw new Error(`It ended with exit code ${started.exitCode}.`);
        return (await fetch(`${endpoint}/_health`)).status === 200;
      },
      { deadlineMs: 120_000 },
    );
  };
  const dispose = async () => {
    await end("SIGTERM"); // takes its instances with it
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await start();
    const path = join(dataDir, "credentials");
    const credentials = parseCredentials(await readFile(path, "utf8"), path);
    return {
      dataDir,
      port,
      loadBalancerPort,
      clientConfig: { endpoint, region: "us-east-1", credentials, forcePathStyle: true },
      end,
      start,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
