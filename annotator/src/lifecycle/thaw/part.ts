import type { Lifecycle, LifecyclePart } from "../part.ts";
import { sweepChecks } from "./sweep-checks.ts";
import { thawResult } from "./thaw-result.ts";

export function thawPart(lifecycle: Lifecycle): LifecyclePart<"thaw"> {
  const { config, log } = lifecycle;
  return {
    handle: (message, stop) => thawResult(lifecycle, message, stop),
    sweeps: [
      {
        name: "retrievals without a check",
        everySeconds: config.OUTBOX_SWEEP_SECONDS,
        run: async () => {
          const count = await sweepChecks(lifecycle);
          if (count > 0) log.warn({ count }, "retrievals had no check");
        },
      },
    ],
  };
}
