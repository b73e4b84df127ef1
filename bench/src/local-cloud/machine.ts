import { execFile } from "node:child_process";
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What the figures depend on, one line each. */
export async function describeMachine(now: Date): Promise<readonly string[]> {
  const { stdout } = await run("df", ["--output=fstype", tmpdir()]);
  const [load = 0] = loadavg();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return [
    `${now.toISOString().slice(0, 16).replace("T", " ")} UTC, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${memory} GiB, Linux ${release()}, Node ${process.version}, data on ${stdout.trim().split("\n").at(-1)}`,
    `load average when it began: ${load.toFixed(1)}`,
  ];
}
