import type { Lifecycle, LifecyclePart } from "../part.ts";
import { restoreUser } from "./restore-user.ts";
import { sweepRestores } from "./sweep-restores.ts";

export function restorePart(lifecycle: Lifecycle): LifecyclePart<"restore"> {
  const { config, log } = lifecycle;
  return {
    handle: (message, stop) => restoreUser(lifecycle, message, stop),
    sweeps: [
      {
        name: "archived results of Premium users",
        everySeconds: config.OUTBOX_SWEEP_SECONDS,
        run: async () => {
          const count = await sweepRestores(lifecycle);
          if (count > 0) log.warn({ count }, "retrievals were not asked for");
        },
      },
    ],
  };
}
