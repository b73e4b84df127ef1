import { formatCount, formatPercent } from "@elastic-gas/shared/format/numbers";
import type { WorkerLoad } from "../../model/fleet/worker-snapshot.ts";
import { NO_VALUE } from "../../model/reader.ts";

/**
 * The figures of a worker's load: "48 %", and "90" with " requests/min" or " jobs"; null where its pool counts neither.
 */
export function loadWords(
  { cpuPercent, work }: WorkerLoad,
  measure: "requests" | "jobs" | null,
): { readonly cpu: string; readonly work: { readonly figure: string; readonly unit: string } | null } {
  const unit = measure === "requests" ? " requests/min" : work === 1 ? " job" : " jobs";
  return {
    cpu: cpuPercent === null ? NO_VALUE : formatPercent(Math.round(cpuPercent)),
    work: measure === null || work === null ? null : { figure: formatCount(work), unit },
  };
}
