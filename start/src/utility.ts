import { join } from "node:path";
import { readConfig } from "@elastic-gas/shared/config";
import { createLogger } from "@elastic-gas/shared/logger";
import { aborted, stopOnSignals } from "@elastic-gas/shared/shutdown";
import { spawnNode, supervise } from "./supervise.ts";

/** The utility worker: four processes, each started again alone when it dies. Ends when it is told to. */
const PROCESSES = ["notify", "archive", "restore", "thaw"] as const;
const STOP_MS = 20_000;

const config = readConfig(process.env);
const log = createLogger("utility", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const root = join(import.meta.dirname, "../..");
const parts = PROCESSES.map((name) =>
  supervise(
    {
      name,
      start: () =>
        spawnNode({
          entry: `annotator/src/lifecycle/${name}/main.ts`,
          root,
          environment: process.env,
          logFile: undefined,
          detached: false,
        }),
      ready: async () => {},
      stopMs: STOP_MS,
    },
    { log },
  ),
);
await aborted(signal);
await Promise.all(parts.map((part) => part.stop()));
