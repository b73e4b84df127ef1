import { runLoop } from "@elastic-gas/shared/shutdown";
import { runLifecycle } from "../process.ts";
import { createArchiveStore } from "../store/create-store.ts";
import { restoreUser, sweepRestores } from "./restore-user.ts";

await runLifecycle({ name: "restore", queue: "restore" }, ({ config, resources, db, s3, outbox, log }) => {
  const deps = { db, store: createArchiveStore(config, resources, s3), outbox, config, log };
  return {
    handle: (message, stop) => restoreUser(deps, message, stop),
    sweep: (signal) =>
      runLoop({ name: "restores", intervalMs: config.OUTBOX_SWEEP_SECONDS * 1_000, signal, log }, () =>
        sweepRestores(deps, new Date()),
      ),
  };
});
