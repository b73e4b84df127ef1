import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Account } from "./form-browser.ts";

/** Photos a second at the peak; one worker of a small machine takes about one. */
const PEAK = 3;
const SHAPE = "step";

export interface DemoLoad {
  readonly root: string;
  readonly origin: string;
  readonly account: Account;
  readonly minutes: number;
  readonly signal: AbortSignal;
}

/**
 * Runs the load generator as a process of its own; resolves when it has ended, which an abort asks it to do at once.
 */
export async function runDemoLoad({ root, origin, account, minutes, signal }: DemoLoad): Promise<void> {
  const seconds = Math.round(minutes * 60);
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "loadgen/src/main.ts",
      `${origin}/api/upload`,
      account.username,
      account.password,
      String(PEAK),
      String(PEAK * seconds),
      "--shape",
      SHAPE,
      "--period",
      String(seconds),
      "--max-seconds",
      String(seconds),
    ],
    // A process group of its own: the terminal's Ctrl-C comes to this process, which passes it on once.
    { cwd: root, stdio: ["ignore", "inherit", "inherit"], detached: true },
  );
  const stop = () => child.kill("SIGINT");
  signal.addEventListener("abort", stop, { once: true });
  await once(child, "close");
  signal.removeEventListener("abort", stop);
}
