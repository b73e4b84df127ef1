import { spawn } from "node:child_process";
import { once } from "node:events";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { waitUntil } from "./wait-until.ts";

export interface Emulator extends AsyncDisposable {
  readonly endpoint: string;
}

/** Moto, an emulator of AWS by others (https://docs.getmoto.org), or why it does not run here. */
export async function startMoto(): Promise<Emulator | string> {
  const port = await findFreePort();
  const child = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  let why: string | undefined;
  child.once("error", () => {
    why = "moto_server is not installed (pip install 'moto[server]')";
  });
  child.once("exit", (code) => {
    why ??= `moto_server is there and does not start (exit code ${code})`;
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const dispose = async () => {
    if (why !== undefined) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  };
  try {
    await waitUntil("the emulator answers", async () => why !== undefined || (await isUp(endpoint)));
  } catch (error) {
    await dispose();
    throw error;
  }
  return why ?? { endpoint, [Symbol.asyncDispose]: dispose };
}

async function isUp(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/moto-api/`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // not yet
  }
}
