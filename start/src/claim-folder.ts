import { spawnSync } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

const TAKEN = 1; // what flock exits with

/**
 * Takes the lock at `path` for as long as this process lives, however it ends. False: another process has it. To look
 * at who runs and then to note oneself is not enough: two starts at once would both find nobody.
 */
export function claimFolder(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "a", 0o600);
  // The lock belongs to the open file, which the command shares with us; no other child gets it.
  const { status } = spawnSync("flock", ["--nonblock", "3"], { stdio: ["ignore", "ignore", "ignore", file] });
  return status !== TAKEN;
}
