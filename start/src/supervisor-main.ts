import { join } from "node:path";
import { readEnvironment } from "./environment.ts";
import { runSystem } from "./supervisor.ts";

/** The supervisor, a child of main.ts. Exit codes: 0 ended as asked, 2 could not come up, else it is started again. */
const controller = new AbortController();
const stop = () => controller.abort();
process.on("SIGTERM", stop);
process.on("SIGINT", stop);
process.on("SIGHUP", stop);
// The terminal may be gone when main.ts was killed; the system stays up without it.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

const root = join(import.meta.dirname, "../..");
try {
  await runSystem({
    root,
    environment: readEnvironment(root, process.env),
    startId: process.env.START_ID ?? "",
    signal: controller.signal,
    print: (line) => console.log(line),
  });
  process.exit(0);
} catch (error) {
  if (controller.signal.aborted) process.exit(0);
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
