import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildPages } from "./build-pages.ts";
import { buildPrograms } from "./build-programs.ts";
import { checkPorts } from "./check-ports.ts";
import { claimFolder } from "./claim-folder.ts";
import { oddSettings, readEnvironment, withoutAws } from "./environment.ts";
import { isAlive, processFile } from "./processes.ts";
import { nodeArguments } from "./programs.ts";

/**
 * What start.sh runs: starts the supervisor and starts it again should it be killed; passes Ctrl-C and SIGTERM on,
 * waits until everything has ended. Signal handlers are set here rather than in the shell because a shell cannot trap a
 * SIGINT that it inherited as ignored.
 */
const RESTART_MS = 500;
const CANNOT_COME_UP = 2;

const root = join(import.meta.dirname, "../..");
const environment = readEnvironment(root, process.env);
const own =
  environment.CLOUD === "aws"
    ? process.env
    : { ...withoutAws(process.env), AWS_ENDPOINT_URL: process.env.AWS_ENDPOINT_URL };
const dataDir = resolve(root, environment.DATA_DIR || ".data");
const runFile = processFile(join(dataDir, "run", "start.json"));
const running = Object.values(runFile.read()).some(isAlive);
if (running || !claimFolder(join(dataDir, "run", "start.lock"))) {
  console.log(
    "Elastic GAS already runs from this folder, or is being started. ./start.sh status shows it, ./start.sh stop ends it.",
  );
  process.exit(0);
}
for (const sentence of oddSettings(root)) console.log(sentence);
const inTheWay = await checkPorts(environment, dataDir).catch((error: unknown) =>
  String(error instanceof Error ? error.message : error),
);
if (inTheWay !== undefined) {
  console.error(inTheWay);
  process.exit(1);
}
runFile.set("main", process.pid);
let stopping = false;
let stopSupervisor = () => {};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    console.log("Stopping ...");
    stopSupervisor();
  });
}
const programs = buildPrograms(root).catch((error: unknown) => String(error instanceof Error ? error.message : error));
buildPages(root);
const unbuilt = await programs;
if (unbuilt !== undefined) {
  console.error(unbuilt);
  process.exit(1);
}

const startId = randomUUID();
let exitCode = 0;
while (!stopping) {
  const child = spawn(process.execPath, nodeArguments("supervisor"), {
    cwd: root,
    env: { ...own, DATA_DIR: dataDir, START_ID: startId },
    // A session of its own: the terminal's Ctrl-C comes to this process only, which passes it on once.
    detached: true,
    stdio: "inherit",
  });
  const gone = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  runFile.set("supervisor", child.pid);
  stopSupervisor = () => child.kill("SIGTERM");
  if (stopping) stopSupervisor();
  const code = await gone;
  if (code === 0) break;
  if (code === CANNOT_COME_UP) {
    exitCode = 1;
    break;
  }
  if (stopping) break;
  console.log("!! supervisor died, started again");
  await sleep(RESTART_MS);
}
runFile.remove();
process.exit(exitCode);
