import { runLoop } from "@elastic-gas/shared/shutdown";
import { runLifecycle } from "../process.ts";
import { createArchiveStore } from "../store/create-store.ts";
import { archiveResult } from "./archive-result.ts";
import { removeOrphans } from "./remove-orphans.ts";

const ORPHAN_SWEEP_MS = 3_600_000;

await runLifecycle({ name: "archive", queue: "archive" }, ({ config, resources, db, s3, outbox, log }) => {
  const store = createArchiveStore(config, resources, s3);
  const deps = { db, s3, store, outbox, resources, config, log };
  return {
    handle: (message, stop) => archiveResult(deps, message, stop),
    sweep: (signal) =>
      runLoop({ name: "archives without a job", intervalMs: ORPHAN_SWEEP_MS, signal, log }, async () => {
        await removeOrphans(deps, new Date());
      }),
  };
});
