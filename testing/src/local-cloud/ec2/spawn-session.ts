import { spawn } from "node:child_process";
import { once } from "node:events";
import { readBootId, readStat } from "@elastic-gas/local-cloud/ec2/processes/proc";
import { type Leader, MARKER, SessionTable } from "@elastic-gas/local-cloud/ec2/processes/session-table";

/**
 * A bash script in a session of its own that carries a marker `<owner>/<key>`; all of it is killed when the test is
 * over.
 */
export async function spawnSession(
  script: string,
  marker: string,
): Promise<{ readonly leader: Leader } & AsyncDisposable> {
  const [owner = "", key = ""] = marker.split("/");
  const child = spawn("bash", ["-c", script], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env.PATH, [MARKER]: marker },
  });
  await once(child, "spawn");
  const stat = readStat(child.pid ?? 0);
  if (!stat) throw new Error("The leader did not start.");
  const leader = { pid: stat.pid, startTicks: stat.startTicks, bootId: readBootId() };
  return {
    leader,
    async [Symbol.asyncDispose]() {
      const table = new SessionTable(owner);
      table.track(key, leader);
      table.signal(key, "SIGKILL");
    },
  };
}
