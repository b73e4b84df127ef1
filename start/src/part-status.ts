import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";

export const STATUS_FILE = "status.json";

/** What `./start.sh status` tells of a part besides its process. */
const PartStatus = z.object({
  state: z.enum(["starting", "up", "down", "ended"]),
  restarts: z.number().int(),
  /** Of the last restart. */
  why: z.string(),
  at: z.iso.datetime(),
});
export type PartStatus = z.infer<typeof PartStatus>;
const Statuses = z.record(z.string(), PartStatus);

export function readStatuses(path: string): Readonly<Record<string, PartStatus>> {
  try {
    return Statuses.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {}; // absent or from another version
  }
}

/** Keeps the file up to date; a full disk costs the file, never the caller. */
export function recordStatuses(path: string): (name: string, state: PartStatus["state"], detail: string) => void {
  const statuses: Record<string, PartStatus> = {};
  return (name, state, detail) => {
    const before = statuses[name];
    const isRestart = state === "down";
    statuses[name] = {
      state,
      restarts: (before?.restarts ?? 0) + (isRestart ? 1 : 0),
      why: isRestart ? detail : (before?.why ?? ""),
      at: isRestart || before === undefined ? new Date().toISOString() : before.at,
    };
    try {
      writeFileSync(`${path}.new`, JSON.stringify(statuses));
      renameSync(`${path}.new`, path);
    } catch {
      // no room for it
    }
  };
}

export function statusText({ state, restarts, why, at }: PartStatus): string {
  if (restarts === 0) return state;
  return `${state}, started again ${restarts === 1 ? "once" : `${restarts} times`}, last at ${at}: ${why}`;
}
