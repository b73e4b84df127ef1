import { type ChildProcess, execFile, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, open, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const READY_DEADLINE_MS = 60_000;
/** What a server need not do whose data end with it; a file for each table took a third of the time to make one. */
const WITHOUT_DISK = [
  "--innodb-flush-method=nosync",
  "--innodb-doublewrite=OFF",
  "--innodb-file-per-table=OFF",
  "--sync-frm=OFF",
];
/** Every table is InnoDB's, and changes are small: the buffers of the other engines took 43 of the server's 96 MB. */
const SMALL_BUFFERS = ["--key-buffer-size=1M", "--aria-pagecache-buffer-size=8M", "--innodb-log-buffer-size=2M"];
/** Where start.sh unpacks Debian's packages when it may not install them: in the checkout, whatever the data folder. */
export const UNPACKED_PROGRAMS = join(import.meta.dirname, "../../.data/apt");

/**
 * Where a MariaDB server's programs are; `root` differs from `/` when the package was unpacked into the data folder.
 */
export interface MariadbPrograms {
  readonly root: string;
  readonly server: string;
}

export interface MariadbOptions {
  readonly programs: MariadbPrograms;
  /** The server's own folder: data, socket, error log. */
  readonly folder: string;
  readonly port: number;
  /** Run at every start, as the server's root; must be safe to repeat. */
  readonly initSql: string;
  /**
   * For tests: the server dies with the process that started it, however that ends, and forgets its data with the
   * machine's power.
   */
  readonly disposable?: boolean;
}

/** Finds mariadbd in the system or below `unpackedRoot`; undefined when it is not installed. */
export async function findMariadb(unpackedRoot: string): Promise<MariadbPrograms | undefined> {
  for (const root of ["/", unpackedRoot]) {
    for (const folder of ["usr/sbin", "usr/local/sbin", "usr/bin"]) {
      const server = join(root, folder, "mariadbd");
      try {
        await access(server, constants.X_OK);
        return { root, server };
      } catch {
        // not there: the next place
      }
    }
  }
  return undefined;
}

/** Creates the data folder once; a half-made one from an interrupted run is made again. */
export async function initialiseMariadb({ programs, folder }: MariadbOptions): Promise<void> {
  const data = join(folder, "data");
  try {
    await access(join(data, "mysql"));
    return;
  } catch {
    // first start
  }
  const fresh = join(folder, "data.new");
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  // The script is shell that splits paths at spaces, so it gets links without any.
  const links = await mkdtemp(join(tmpdir(), "gas-install-"));
  try {
    const [folderLink, rootLink] = [join(links, "folder"), join(links, "root")];
    await Promise.all([symlink(folder, folderLink), symlink(programs.root, rootLink)]);
    await run(
      join(programs.root, "usr/bin/mariadb-install-db"),
      [
        "--no-defaults",
        `--basedir=${join(programs.root === "/" ? "/" : rootLink, "usr")}`,
        `--datadir=${join(folderLink, "data.new")}`,
        "--auth-root-authentication-method=socket",
        "--skip-test-db",
        "--skip-name-resolve",
        // Without it the script refuses a machine whose own name cannot be looked up, which nothing here needs.
        "--force",
        ...asRoot(),
      ],
      // Two installs at once must not share /tmp: the server names its temporary tables alike.
      { env: { ...libraryPath(programs), TMPDIR: folderLink }, maxBuffer: 16 * 1024 * 1024 },
    );
  } catch (error) {
    throw new Error(`MariaDB's data folder ${folder} could not be made:\n${printedBy(error)}`, { cause: error });
  } finally {
    await rm(links, { recursive: true, force: true });
  }
  await rename(fresh, data);
}

/** The last lines that a failed program printed, or why it could not run. */
function printedBy(error: unknown): string {
  const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
  const lines = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-15).join("\n");
  return lines === "" ? message : lines;
}

/**
 * Starts the server in a process group of its own, so that a Ctrl-C in the terminal does not reach it. Its output goes
 * to `error.log`.
 */
export async function spawnMariadb(options: MariadbOptions): Promise<ChildProcess> {
  const { programs, folder, port, disposable = false } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const initFile = join(folder, "init.sql");
  await writeFile(initFile, options.initSql, { mode: 0o600 });
  const log = await open(join(folder, "error.log"), "a");
  const [command, ...before] = disposable
    ? ["setpriv", "--pdeathsig", "KILL", "--", programs.server]
    : [programs.server];
  const child = spawn(
    command,
    [
      ...before,
      "--no-defaults",
      `--basedir=${join(programs.root, "usr")}`,
      `--datadir=${join(folder, "data")}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--socket=${await socketPath(folder)}`,
      `--pid-file=${join(folder, "mariadbd.pid")}`,
      `--init-file=${initFile}`,
      `--lc-messages-dir=${join(programs.root, "usr/share/mysql")}`,
      `--plugin-dir=${join(programs.root, "usr/lib/mysql/plugin")}`,
      "--character-set-server=utf8mb4",
      "--collation-server=utf8mb4_unicode_ci",
      "--default-time-zone=+00:00",
      "--skip-name-resolve",
      "--max-connections=500",
      "--innodb-buffer-pool-size=128M",
      ...SMALL_BUFFERS,
      `--innodb-flush-log-at-trx-commit=${disposable ? 0 : 1}`,
      ...(disposable ? WITHOUT_DISK : []),
      "--performance-schema=OFF",
      ...asRoot(),
    ],
    { env: libraryPath(programs), stdio: ["ignore", log.fd, log.fd], detached: true },
  );
  await log.close();
  return child;
}

/** Resolves when the server speaks; throws with the end of its log when it ended or the deadline passed. */
export async function waitForMariadb(child: ChildProcess, { folder, port }: MariadbOptions): Promise<void> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    if (await greets(port)) return;
    await sleep(50);
  }
  const log = await readFile(join(folder, "error.log"), "utf8").catch(() => "");
  throw new Error(`MariaDB did not start on port ${port}:\n${log.split("\n").slice(-15).join("\n")}`);
}

/**
 * SQL that makes the owner of one schema, who may also make accounts and give them rights on it; safe to repeat. Names
 * and password must be plain words.
 */
export function ownerSql({ schema, user, password }: { schema: string; user: string; password: string }): string {
  for (const word of [schema, user, password]) {
    if (!/^[A-Za-z0-9_]+$/.test(word)) throw new Error("A name or password has characters that SQL would need quoted");
  }
  // --init-file takes one statement a line.
  return [
    `create database if not exists ${schema} character set utf8mb4 collate utf8mb4_unicode_ci;`,
    `create or replace user '${user}'@'127.0.0.1' identified by '${password}';`,
    `grant all on ${schema}.* to '${user}'@'127.0.0.1' with grant option;`,
    `grant create user on *.* to '${user}'@'127.0.0.1';`,
    "",
  ].join("\n");
}

/** A server that is up sends its greeting, protocol version 10, as soon as a client connects. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once("error", () => end(false));
    socket.once("data", (bytes) => end(bytes[4] === 10));
  });
}

/** The server refuses to run as root unless told so. */
function asRoot(): readonly string[] {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

/** A socket's path may have 107 bytes; deep data folders put it into the temporary folder. */
async function socketPath(folder: string): Promise<string> {
  const path = join(folder, "mysql.sock");
  if (Buffer.byteLength(path) <= 100) return path;
  const short = join("/tmp", `gas-${Buffer.from(folder).toString("base64url").slice(-24)}`);
  await mkdir(short, { recursive: true, mode: 0o700 });
  return join(short, "mysql.sock");
}

function libraryPath({ root, server }: MariadbPrograms): NodeJS.ProcessEnv {
  const { PATH = "/usr/bin:/bin" } = process.env;
  if (root === "/") return { PATH };
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib"];
  return {
    PATH: `${dirname(server)}:${join(root, "usr/bin")}:${PATH}`,
    LD_LIBRARY_PATH: libraries.map((folder) => join(root, folder)).join(":"),
  };
}
