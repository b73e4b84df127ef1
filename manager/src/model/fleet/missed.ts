import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import type { FleetSnapshot } from "./fleet-snapshot.ts";

/**
 * What changed while a page had no connection. `since`: the server's clock in the last snapshot before; the new one is
 * whole again.
 */
export function describeReturn(
  { afterMs, since }: { readonly afterMs: number; readonly since: number },
  { latest }: Pick<FleetSnapshot, "latest">,
): { readonly sentence: string; readonly missed: number } {
  const back = `Reconnected after ${formatInterval(afterMs)}.`;
  const changes = latest.filter(({ at }) => at > since);
  const [newest] = changes;
  if (newest === undefined) return { sentence: `${back} Nothing was missed.`, missed: 0 };
  // The list of the latest changes is short: when all of it is new there may be more.
  const number = `${changes.length === latest.length ? "at least " : ""}${formatCountOf(changes.length, "change")}`;
  const words = changes.length === 1 ? "Meanwhile: " : `Meanwhile ${number}, the last: `;
  return { sentence: `${back} ${words}${newest.sentence}`, missed: changes.length };
}
