import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { findStale, PROGRAMS, type Program } from "./programs.ts";

/**
 * Builds these programs where a source has changed since the last time, in a process of its own: the bundler takes up
 * half a gigabyte. Of two builds at once one waits for the other. Rejects with what the bundler said.
 */
export async function buildPrograms(
  root: string,
  programs: readonly Program[] = Object.keys(PROGRAMS) as Program[], // the names that the type has
): Promise<void> {
  // A release has its programs, and nothing to build them with.
  if (!existsSync(join(root, "node_modules/rolldown"))) return;
  const stale = findStale(root, programs);
  if (stale.length === 0) return;
  console.log("Building the programs ...");
  mkdirSync(join(root, "dist"), { recursive: true });
  const bundler = join(import.meta.dirname, BUNDLER);
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", bundler, root, ...stale];
  const child = spawn("flock", [join(root, "dist/.lock"), ...node], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [code, said] = await Promise.all([ended, text(child.stderr)]);
  if (code !== 0) throw new Error(`The programs could not be built:\n${said}`);
}

/** It is never part of a program. */
const BUNDLER = "build-programs-main.ts";
