import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** A port that start.sh needs. */
export interface PortUse {
  /** The setting that changes it. */
  readonly setting: string;
  /** Who listens on it. */
  readonly part: string;
  readonly host: string;
  readonly port: number;
}

/** A socket that listens, as /proc/net/tcp lists it. */
export interface Listener {
  /** IPv4 in its usual form; IPv6 addresses stay 32 hexadecimal digits. */
  readonly address: string;
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
}

export interface Owner {
  readonly pid: number;
  readonly command: string;
  readonly folder: string;
}

export interface Taken {
  readonly use: PortUse;
  /** EADDRINUSE, or EACCES for a port that only root may open. */
  readonly code: string;
  /** Undefined when the process is another user's. */
  readonly owner: Owner | undefined;
  readonly uid: number | undefined;
}

const LISTEN = "0A";
const MAPPED = "0000000000000000FFFF0000"; // ::ffff:a.b.c.d

/** The listening sockets of a table such as /proc/net/tcp or /proc/net/tcp6 (proc(5)). */
export function parseListeners(table: string): readonly Listener[] {
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", , state, , , , uid, , inode = ""] = line.trim().split(/\s+/);
      const [address = "", port = ""] = local.split(":");
      if (state !== LISTEN) return [];
      return [{ address: ipv4(address), port: Number.parseInt(port, 16), uid: Number(uid), inode }];
    });
}

/** Each address is a number in the machine's byte order: 0100007F is 127.0.0.1. */
function ipv4(hex: string): string {
  const own = hex.startsWith(MAPPED) ? hex.slice(MAPPED.length) : hex;
  if (own.length !== 8) return hex;
  return (own.match(/../g) ?? [])
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}

/** How long a port that is taken though nobody listens on it is tried again: its owner is ending, most of the time. */
const CLOSING_MS = 3_000;
const RETRY_MS = 100;

/**
 * Those of the ports that cannot be opened now. What an earlier run of this folder left behind (`own`) does not count:
 * it is ended first.
 */
export async function findTakenPorts(uses: readonly PortUse[], own: ReadonlySet<number>): Promise<readonly Taken[]> {
  const deadline = performance.now() + CLOSING_MS;
  for (;;) {
    const taken = await lookOnce(uses, own);
    const isClosing = taken.some(({ code, uid }) => code === "EADDRINUSE" && uid === undefined);
    if (!isClosing || performance.now() > deadline) return taken;
    await delay(RETRY_MS);
  }
}

async function lookOnce(uses: readonly PortUse[], own: ReadonlySet<number>): Promise<readonly Taken[]> {
  const codes = await Promise.all(uses.map(tryToListen));
  if (codes.every((code) => code === undefined)) return [];
  const listeners = readListeners();
  const owners = readOwners();
  return uses.flatMap((use, index) => {
    const code = codes[index];
    if (code === undefined) return [];
    const listener = listeners.find(({ port }) => port === use.port);
    const owner = listener === undefined ? undefined : owners.get(listener.inode);
    if (owner !== undefined && own.has(owner.pid)) return [];
    return [{ use, code, owner, uid: listener?.uid }];
  });
}

/**
 * Who else listens on addresses that begin with `block`: workers of another checkout. Those below `dataDir` are our
 * own.
 */
export function findStrangersInBlock(block: string, { dataDir, own }: { dataDir: string; own: ReadonlySet<number> }) {
  const listeners = readListeners().filter(({ address }) => address.startsWith(`${block}.`));
  if (listeners.length === 0) return [];
  const owners = readOwners();
  return listeners.flatMap(({ inode }) => {
    const owner = owners.get(inode);
    if (owner === undefined) return []; // another user's, or gone meanwhile
    return own.has(owner.pid) || owner.folder.startsWith(dataDir) ? [] : [owner];
  });
}

/** An address block in which another checkout's workers listen, and one to use in its place. */
export interface TakenBlock {
  readonly block: string;
  readonly owner: Owner;
  readonly proposed: string;
}

/** What of the printed command's settings is known besides the ports that are taken. */
export interface AlsoKnown {
  readonly block?: TakenBlock | undefined;
  /** Settings that were chosen for this start. The command keeps them, or it would meet what they avoid. */
  readonly chosen?: Readonly<Record<string, string | undefined>>;
}

const PLACES = ["MANAGER_PORT", "LB_PORT", "LOCAL_CLOUD_PORT", "LOCAL_DATABASE_PORT", "LOCAL_ADDRESS_BLOCK"];

/**
 * What stands in the way, whose it is, and one command that goes round all of it; `isFree` tells whether a port may be
 * proposed.
 */
export function describeTaken(
  taken: readonly Taken[],
  isFree: (port: number) => boolean,
  { block, chosen = {} }: AlsoKnown = {},
): string {
  const lines = taken.map(({ use, code, owner, uid }) => {
    const what = `  ${use.port} (${use.part})`;
    if (code === "EACCES") return `${what}: only root may open a port below 1024`;
    if (owner !== undefined) return `${what} by ${named(owner)}`;
    return uid === undefined
      ? `${what} by a socket that does not listen`
      : `${what} by a process of another user (uid ${uid})`;
  });
  if (block !== undefined) lines.push(`  ${block.block}.* (workers) by ${named(block.owner)}`);
  const settings = new Map(PLACES.flatMap((name) => (chosen[name] ? [[name, chosen[name]]] : [])));
  const proposed: number[] = [];
  for (const { use } of taken) {
    const from = use.port < 1_024 ? use.port + 8_000 : use.port + 100;
    let port = from;
    while (proposed.includes(port) || !isFree(port)) port += 1;
    proposed.push(port);
    settings.set(use.setting, String(port));
  }
  if (block !== undefined) settings.set("LOCAL_ADDRESS_BLOCK", block.proposed);
  return [
    "Ports or addresses cannot be used:",
    ...lines,
    "End what uses them, or start with others:",
    `  ${[...settings].map(([name, value]) => `${name}=${value}`).join(" ")} ./start.sh`,
  ].join("\n");
}

function named({ pid, command, folder }: Owner): string {
  return `process ${pid}: ${command}, in ${folder}`;
}

export function readListeners(): readonly Listener[] {
  return ["tcp", "tcp6"].flatMap((name) => {
    try {
      return parseListeners(readFileSync(`/proc/net/${name}`, "utf8"));
    } catch {
      return []; // a machine without IPv6 has no tcp6
    }
  });
}

function tryToListen({ host, port }: PortUse): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Processes by the inodes of their sockets, as far as this user may look. */
function readOwners(): ReadonlyMap<string, Owner> {
  const owners = new Map<string, Owner>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      for (const file of readdirSync(`/proc/${name}/fd`)) {
        const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${name}/fd/${file}`))?.[1];
        if (inode !== undefined && !owners.has(inode)) owners.set(inode, describeOwner(Number(name)));
      }
    } catch {
      // another user's process, or one that has ended meanwhile
    }
  }
  return owners;
}

const LONGEST_COMMAND = 80;

function describeOwner(pid: number): Owner {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return { pid, command: shortCommand(words), folder: readLink(`/proc/${pid}/cwd`) };
}

/** `/usr/bin/node --flag main.ts` as `node main.ts`: enough to know it by. */
export function shortCommand([program = "", ...words]: readonly string[]): string {
  const name = program.slice(program.lastIndexOf("/") + 1);
  const text = [name, ...words.filter((word) => word !== "" && !word.startsWith("--"))].join(" ");
  return text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND)} ...` : text;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}
