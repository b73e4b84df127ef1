import { join } from "node:path";
import { readConfig } from "@elastic-gas/shared/config";
import { createLogger } from "@elastic-gas/shared/logger";
import { aborted, stopOnSignals } from "@elastic-gas/shared/shutdown";
import { supervise } from "./supervise.ts";
import { utilityParts } from "./utility-parts.ts";

/** The utility worker. Ends when it is told to. */
const config = readConfig(process.env);
const log = createLogger("utility", config.LOG_LEVEL);
const { signal } = stopOnSignals(log);
const root = join(import.meta.dirname, "../..");
const parts = utilityParts({ root, environment: process.env }).map((part) => supervise(part, { log }));
await aborted(signal);
await Promise.all(parts.map((part) => part.stop()));
