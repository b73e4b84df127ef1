import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** The long-lived programs, each with the source that it begins with. */
export const PROGRAMS = {
  "local-cloud": "local-cloud/src/main.ts",
  supervisor: "start/src/supervisor-main.ts",
  manager: "manager/src/main.ts",
  autoscaler: "autoscaler/src/main.ts",
  "user-app": "user-app/src/main.ts",
  annotator: "annotator/src/main.ts",
  utility: "annotator/src/lifecycle/main.ts",
} as const;
export type Program = keyof typeof PROGRAMS;

export const WORKER_PROGRAMS: readonly Program[] = ["user-app", "annotator", "utility"];

/**
 * Packages that stay in node_modules: they have native code, look for files of their own, or are read at their first
 * use only.
 */
export const PACKAGES_BESIDE: readonly string[] = ["@zxcvbn-ts/language-common", "bcrypt", "onnxruntime-node", "sharp"];

/** They do little at a time: new objects need no room of up to 48 MB. */
const SMALL = ["--max-semi-space-size=2"];
/** What Node is told for each program. start.sh, which workers run, says the same. */
const SETTINGS: Partial<Readonly<Record<Program, readonly string[]>>> = {
  supervisor: SMALL,
  autoscaler: SMALL,
  annotator: SMALL,
  utility: SMALL,
  // Threads of the garbage collector only share what CPU the instance has, and the requests wait for them.
  "user-app": ["--single-threaded-gc"],
};

/** What Node takes to run a program, by default in the project's root. With the maps its errors name the sources. */
export function nodeArguments(program: Program, root = ""): readonly string[] {
  return [
    "--disable-warning=ExperimentalWarning",
    "--enable-source-maps",
    ...(SETTINGS[program] ?? []),
    join(root, programFolder(program), "main.js"),
  ];
}

/** Where a program is built, from the project's root. */
export function programFolder(program: Program): string {
  return `dist/${program}`;
}

/** What decides what a program is beside its own sources: the packages, and how it is built. */
const ALWAYS = ["package-lock.json", ...["programs", "bundler-plugins", "build-program"].map(ownSource)];

/** The SHA-256 of each file that a program was built from, by its path from the root. */
const BuiltFrom = z.record(z.string(), z.string());

/** What `findStale` compares with, of the sources that a program was built from. */
export function describeSources(root: string, sources: readonly string[]): string {
  return JSON.stringify(Object.fromEntries([...ALWAYS, ...sources].sort().map((path) => [path, hashOf(root, path)])));
}

/** Where `describeSources` is kept, in the program's folder. */
export const SOURCES_FILE = "built-from.json";

/** Those of the programs that are not there, or not built from what these files hold now. */
export function findStale(root: string, programs: readonly Program[]): readonly Program[] {
  const hashes = new Map<string, string>();
  const isSame = ([path, hash]: [string, string]): boolean => {
    const now = hashes.get(path) ?? hashOf(root, path);
    hashes.set(path, now);
    return now === hash;
  };
  return programs.filter((program) => {
    const file = join(root, programFolder(program), SOURCES_FILE);
    if (!existsSync(file)) return true;
    return !Object.entries(BuiltFrom.parse(JSON.parse(readFileSync(file, "utf8")))).every(isSame);
  });
}

function hashOf(root: string, path: string): string {
  const file = join(root, path);
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "";
}

function ownSource(name: string): string {
  return `start/src/${name}.ts`;
}
