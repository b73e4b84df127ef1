import { join, resolve } from "node:path";
import { readEnvironment } from "./environment.ts";
import { readStatuses, STATUS_FILE, statusText } from "./part-status.ts";
import { endProcess, isAlive, processFile } from "./processes.ts";

/** `./start.sh stop` and `./start.sh status`, for the system that runs from this folder. */
const STOP_DEADLINE_MS = 120_000;

const root = join(import.meta.dirname, "../..");
const environment = readEnvironment(root, process.env);
const runFolder = join(resolve(root, environment.DATA_DIR || ".data"), "run");
const { main, supervisor } = processFile(join(runFolder, "start.json")).read();
const alive = [main, supervisor].filter((record) => record !== undefined).filter(isAlive);

if (process.argv[2] === "stop") {
  if (alive.length === 0) console.log("Nothing runs from this folder.");
  // main passes the signal on; a supervisor whose main was killed gets it itself.
  const [first] = alive;
  if (first !== undefined) await endProcess(first, "SIGTERM", STOP_DEADLINE_MS);
  if (supervisor !== undefined) await endProcess(supervisor, "SIGTERM", STOP_DEADLINE_MS);
} else {
  console.log(alive.length === 0 ? "Nothing runs from this folder." : "Running.");
  const statuses = readStatuses(join(runFolder, STATUS_FILE));
  for (const [name, record] of Object.entries(processFile(join(runFolder, "parts.json")).read())) {
    const status = statuses[name];
    const text = status === undefined ? "" : `, ${statusText(status)}`;
    console.log(`${isAlive(record) ? "ok" : "!!"} ${name.padEnd(12)} pid ${record.pid}${text}`);
  }
  process.exitCode = alive.length === 0 ? 3 : 0;
}
