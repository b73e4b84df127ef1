import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** A command that speaks AWS's wire format, and the variables that it needs beside those of AWS. */
export interface ForeignClient {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, "../../../..");
/** Where `npm test` unpacks Debian packages when it may not install them. */
const UNPACKED = join(ROOT, ".data/apt");
const UNPACKED_PYTHON = { PYTHONPATH: join(UNPACKED, "usr/lib/python3/dist-packages") };

/** The Pythons with an aws CLI that works: Debian's first, then what PATH finds, then what was unpacked. */
export function findAwsClis(): readonly ForeignClient[] {
  return findPythons("aws", "import awscli, awscli.clidriver; print(awscli.__version__)");
}

/** The Pythons with a boto3, in the same order. */
export function findBoto3(): readonly ForeignClient[] {
  return findPythons("boto3", "import boto3; print(boto3.__version__)");
}

/**
 * The clients that a test runs with: all or the first. Where none is installed, one stands for them: a file without any
 * test would fail rather than be skipped.
 */
export function clientsToTry(installed: readonly ForeignClient[], all: boolean): readonly ForeignClient[] {
  if (installed.length === 0) return [{ name: "which is not installed", command: [], environment: {} }];
  return all ? installed : installed.slice(0, 1);
}

function findPythons(what: string, probe: string): readonly ForeignClient[] {
  return usable(
    [
      { name: "/usr/bin/python3", command: ["/usr/bin/python3"], environment: {} },
      { name: "python3", command: ["python3"], environment: {} },
      ...pythons().map((python) => ({
        name: `${python} with unpacked ${what}`,
        command: [python],
        environment: UNPACKED_PYTHON,
      })),
    ],
    ["-c", probe],
  );
}

/** Each version once. */
function usable(clients: readonly ForeignClient[], probe: readonly string[]): readonly ForeignClient[] {
  const found = new Map<string, ForeignClient>();
  for (const client of clients) {
    const [program = "", ...words] = client.command;
    const { status, stdout } = spawnSync(program, [...words, ...probe], {
      env: { PATH: process.env.PATH, ...client.environment, ...pyenvRoot() },
      encoding: "utf8",
    });
    if (status !== 0 || found.has(stdout)) continue;
    const name = `${client.name} (${stdout.split(" ")[0]?.trim()})`;
    found.set(stdout, { ...client, name, environment: { ...client.environment, ...pyenvRoot() } });
  }
  return [...found.values()];
}

function pythons(): readonly string[] {
  return ["/usr/bin/python3", join(UNPACKED, "usr/bin/python3")].filter((path) => existsSync(path));
}

/** A Python under pyenv needs to know where it lives, for HOME is another in these tests. */
function pyenvRoot(): Record<string, string> {
  const { PYENV_ROOT, HOME = "" } = process.env;
  const root = PYENV_ROOT ?? join(HOME, ".pyenv");
  return existsSync(root) ? { PYENV_ROOT: root } : {};
}
