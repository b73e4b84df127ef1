import type { Lifecycle, LifecyclePart } from "../part.ts";
import { sweepDeletes } from "../pending-deletes.ts";
import { archiveResult } from "./archive-result.ts";
import { removeOrphans } from "./remove-orphans.ts";
import { sweepDueResults } from "./sweep-due.ts";

const ORPHAN_SWEEP_SECONDS = 3_600;

export function archivePart(lifecycle: Lifecycle): LifecyclePart<"archive"> {
  const { config, db, outbox, log } = lifecycle;
  const everySeconds = config.OUTBOX_SWEEP_SECONDS;
  return {
    handle: (message, stop) => archiveResult(lifecycle, message, stop),
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
          await sweepDeletes(lifecycle, signal);
        },
      },
      {
        name: "archives without a job",
        everySeconds: ORPHAN_SWEEP_SECONDS,
        run: async () => {
          await removeOrphans(lifecycle, new Date());
        },
      },
    ],
  };
}
