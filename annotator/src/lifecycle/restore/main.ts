import { runLifecycle } from "../process.ts";
import { createArchiveStores } from "../store/archive-stores.ts";
import { restoreUser } from "./restore-user.ts";
import { sweepRestores } from "./sweep-restores.ts";

await runLifecycle({ name: "restore", queue: "restore" }, ({ config, resources, db, s3, outbox, log }) => {
  const deps = { db, stores: createArchiveStores(config, resources, s3), outbox, resources, config, log };
  return {
    handle: (message, stop) => restoreUser(deps, message, stop),
    sweeps: [
      {
        name: "archived results of Premium users",
        everySeconds: config.OUTBOX_SWEEP_SECONDS,
        run: async () => {
          const count = await sweepRestores(deps);
          if (count > 0) log.warn({ count }, "retrievals were not asked for");
        },
      },
    ],
  };
});
