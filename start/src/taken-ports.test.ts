import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { findFreePort } from "@elastic-gas/shared/free-port";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  describeTaken,
  findStrangersInBlock,
  findTakenPorts,
  parseListeners,
  shortCommand,
  type Taken,
} from "./taken-ports.ts";

const NOBODY: ReadonlySet<number> = new Set();
const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 41001 1 0000000000000000 100 0 0 10 0
   1: 0B0A007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 41002 1 0000000000000000 20 4 30 10 -1
   2: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41003 1 0000000000000000 100 0 0 10 0
`;

async function listen(port: number, host: string): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  onTestFinished(() => void server.close());
  return server;
}

describe("the table of sockets", () => {
  it("gives those that listen, with address, port and owner", () => {
    expect(parseListeners(TABLE)).toEqual([
      { address: "127.0.0.1", port: 5000, uid: 1000, inode: "41001" },
      { address: "0.0.0.0", port: 443, uid: 0, inode: "41003" },
    ]);
  });

  it("knows an IPv4 address that a socket of IPv6 maps", () => {
    const row = "  0: 0000000000000000FFFF00000100007F:1F90 0:0 0A 0:0 0:0 0 5 0 7 1";
    expect(parseListeners(`head\n${row}\n`)).toEqual([{ address: "127.0.0.1", port: 8080, uid: 5, inode: "7" }]);
  });
});

describe("ports that start.sh needs", () => {
  it("finds none taken when all are free", async () => {
    const use = { setting: "LB_PORT", part: "load balancer", host: "0.0.0.0", port: await findFreePort() };
    expect(await findTakenPorts([use], NOBODY)).toEqual([]);
  });

  it("names the process that has one, whether it listens on one address or on all", async () => {
    const [one, all] = [await findFreePort(), await findFreePort()];
    await listen(one, "127.0.0.1");
    await listen(all, "::");
    const uses = [
      { setting: "MANAGER_PORT", part: "manager", host: "0.0.0.0", port: one },
      { setting: "LB_PORT", part: "load balancer", host: "0.0.0.0", port: all },
    ];
    const owner = expect.objectContaining({ pid: process.pid, folder: process.cwd() });
    const taken = await findTakenPorts(uses, NOBODY);
    expect(taken.map(({ use, code, owner: who }) => [use.setting, code, who])).toEqual([
      ["MANAGER_PORT", "EADDRINUSE", owner],
      ["LB_PORT", "EADDRINUSE", owner],
    ]);
  });

  it("passes over what an earlier run of the same folder left behind", async () => {
    const port = await findFreePort();
    await listen(port, "127.0.0.1");
    const use = { setting: "LOCAL_DATABASE_PORT", part: "MariaDB", host: "127.0.0.1", port };
    expect(await findTakenPorts([use], new Set([process.pid]))).toEqual([]);
  });

  it("waits for one that a process is about to give back, and names it when that does not happen", async () => {
    const port = await findFreePort();
    const use = { setting: "LB_PORT", part: "load balancer", host: "0.0.0.0", port };
    // Node's sockets can be bound beside each other until one listens; perl's cannot.
    const program = `socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(${port}, INADDR_ANY)) or die; print "bound"; <>`;
    const holder = spawn("perl", ["-MSocket", "-e", `$| = 1; ${program}`], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void holder.kill());
    await once(holder.stdout, "data");
    const taken = await findTakenPorts([use], NOBODY);
    expect(describeTaken(taken, () => true)).toContain(`${port} (load balancer) by a socket that does not listen`);
    const look = findTakenPorts([use], NOBODY);
    holder.stdin.end();
    expect(await look).toEqual([]);
  });
});

describe("the address block of the workers", () => {
  it("is free of others when only processes below the data folder listen there", async () => {
    await listen(0, "127.77.5.9");
    const own = { dataDir: process.cwd(), own: NOBODY };
    expect(findStrangersInBlock("127.77.5", own)).toEqual([]);
    const other = findStrangersInBlock("127.77.5", { ...own, dataDir: "/elsewhere" });
    expect(other.map(({ pid }) => pid)).toEqual([process.pid]);
    // 127.77.5 is not 127.77.50.
    expect(findStrangersInBlock("127.77.50", { ...own, dataDir: "/elsewhere" })).toEqual([]);
  });
});

it("tells a process by its program and what that was given, without options", () => {
  expect(shortCommand(["/opt/node/bin/node", "--disable-warning=X", "manager/src/main.ts", ""])).toBe(
    "node manager/src/main.ts",
  );
  expect(shortCommand(["python3", "-m", "http.server"])).toBe("python3 -m http.server");
  expect(shortCommand(["sh", "x".repeat(200)])).toHaveLength(84);
});

describe("what is said about taken ports", () => {
  const owner = { pid: 1234, command: "python3 -m http.server", folder: "/home/ann" };
  const taken = (setting: string, part: string, port: number, changes: Partial<Taken> = {}): Taken => ({
    use: { setting, part, host: "0.0.0.0", port },
    code: "EADDRINUSE",
    owner: undefined,
    uid: undefined,
    ...changes,
  });

  it("says which, by whom, and one command with other ports", () => {
    const all = [
      taken("MANAGER_PORT", "manager", 5000, { owner }),
      taken("LB_PORT", "load balancer", 8080, { uid: 33 }),
      taken("LOCAL_CLOUD_PORT", "local-cloud", 80, { code: "EACCES" }),
    ];
    expect(describeTaken(all, (port) => port !== 5100)).toBe(
      [
        "Ports or addresses cannot be used:",
        "  5000 (manager) by process 1234: python3 -m http.server, in /home/ann",
        "  8080 (load balancer) by a process of another user (uid 33)",
        "  80 (local-cloud): only root may open a port below 1024",
        "End what uses them, or start with others:",
        "  MANAGER_PORT=5101 LB_PORT=8180 LOCAL_CLOUD_PORT=8080 ./start.sh",
      ].join("\n"),
    );
  });

  it("names another checkout's addresses beside its ports, and keeps what was chosen: the command that it prints starts", () => {
    const gas = { pid: 77, command: "node dist/local-cloud/main.js", folder: "/srv/gas" };
    const block = { block: "127.0.10", owner: gas, proposed: "127.0.12" };
    const chosen = { MANAGER_PORT: "5900", LB_PORT: "8080" };
    const ports = [taken("LB_PORT", "load balancer", 8080, { owner: gas })];
    expect(describeTaken(ports, () => true, { block, chosen })).toBe(
      [
        "Ports or addresses cannot be used:",
        "  8080 (load balancer) by process 77: node dist/local-cloud/main.js, in /srv/gas",
        "  127.0.10.* (workers) by process 77: node dist/local-cloud/main.js, in /srv/gas",
        "End what uses them, or start with others:",
        "  MANAGER_PORT=5900 LB_PORT=8180 LOCAL_ADDRESS_BLOCK=127.0.12 ./start.sh",
      ].join("\n"),
    );
    expect(describeTaken([], () => true, { block, chosen: { LOCAL_CLOUD_PORT: "4666" } })).toContain(
      "  LOCAL_CLOUD_PORT=4666 LOCAL_ADDRESS_BLOCK=127.0.12 ./start.sh",
    );
  });

  it("never proposes one port twice, or one that is not free", () => {
    const ports = [5_000, 5_001, 5_100, 80, 8_000];
    const text = describeTaken(
      ports.map((port, index) => taken(`P${index}`, "part", port)),
      (port) => port % 3 !== 0,
    );
    const proposed = [...text.matchAll(/P\d=(\d+)/g)].map(([, port]) => Number(port));
    expect(proposed).toEqual([5_101, 5_102, 5_200, 8_080, 8_101]);
  });
});
