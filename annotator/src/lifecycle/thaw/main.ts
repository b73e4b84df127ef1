import { runLifecycle } from "../process.ts";
import { createArchiveStores } from "../store/archive-stores.ts";
import { sweepChecks } from "./sweep-checks.ts";
import { thawResult } from "./thaw-result.ts";

await runLifecycle({ name: "thaw", queue: "thaw" }, ({ config, resources, db, s3, outbox, log }) => {
  const deps = { db, s3, stores: createArchiveStores(config, resources, s3), outbox, resources, config, log };
  return {
    handle: (message, stop) => thawResult(deps, message, stop),
    sweeps: [
      {
        name: "retrievals without a check",
        everySeconds: config.OUTBOX_SWEEP_SECONDS,
        run: async () => {
          const count = await sweepChecks(deps);
          if (count > 0) log.warn({ count }, "retrievals had no check");
        },
      },
    ],
  };
});
