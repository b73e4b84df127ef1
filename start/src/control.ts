import { join, resolve } from "node:path";
import { readEnvironment } from "./environment.ts";
import { endProcess, isAlive, processFile } from "./processes.ts";
import { showStatus } from "./show-status.ts";

/** `./start.sh stop` and `./start.sh status`, for the system that runs from this folder. */
const STOP_DEADLINE_MS = 120_000;

const root = join(import.meta.dirname, "../..");
const environment = readEnvironment(root, process.env);
const dataDir = resolve(root, environment.DATA_DIR || ".data");
const { main, supervisor } = processFile(join(dataDir, "run", "start.json")).read();
const alive = [main, supervisor].filter((record) => record !== undefined).filter(isAlive);

if (process.argv[2] === "stop") {
  if (alive.length === 0) console.log("Nothing runs from this folder.");
  // main passes the signal on; a supervisor whose main was killed gets it itself.
  const [first] = alive;
  if (first !== undefined) await endProcess(first, "SIGTERM", STOP_DEADLINE_MS);
  if (supervisor !== undefined) await endProcess(supervisor, "SIGTERM", STOP_DEADLINE_MS);
  if (alive.length > 0) console.log("Stopped. Everything that was made stays; ./start.sh goes on with it.");
} else if (alive.length === 0) {
  console.log("Nothing runs from this folder. ./start.sh starts it.");
  process.exitCode = 3;
} else {
  console.log(`Running.\n${await showStatus(dataDir)}`);
}
