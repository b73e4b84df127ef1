import { sweepDeletes } from "../pending-deletes.ts";
import { runLifecycle } from "../process.ts";
import { createArchiveStores } from "../store/archive-stores.ts";
import { archiveResult } from "./archive-result.ts";
import { removeOrphans } from "./remove-orphans.ts";
import { sweepDueResults } from "./sweep-due.ts";

const ORPHAN_SWEEP_SECONDS = 3_600;

await runLifecycle({ name: "archive", queue: "archive" }, ({ config, resources, db, s3, outbox, log }) => {
  const deps = { db, s3, stores: createArchiveStores(config, resources, s3), outbox, resources, config, log };
  const everySeconds = config.OUTBOX_SWEEP_SECONDS;
  return {
    handle: (message, stop) => archiveResult(deps, message, stop),
    sweeps: [
      {
        name: "results due for archiving",
        everySeconds,
        run: async () => {
          const count = await sweepDueResults(db, config);
          if (count === 0) return;
          log.warn({ count }, "archiving asked for again");
          await outbox.flush();
        },
      },
      {
        name: "objects to be deleted",
        everySeconds,
        run: async (signal) => {
          await sweepDeletes(deps, signal);
        },
      },
      {
        name: "archives without a job",
        everySeconds: ORPHAN_SWEEP_SECONDS,
        run: async () => {
          await removeOrphans(deps, new Date());
        },
      },
    ],
  };
});
