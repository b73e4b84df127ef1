import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { FaultRecord } from "./evidence.ts";
import type { AskedFault } from "./rig.ts";

const Ended = z.object({ msg: z.literal("fault ends"), rule: z.string(), strikes: z.number() });

/**
 * How many calls each fault of a service hit, as local-cloud wrote it into its log; null when it was ended before it
 * wrote it, or when the fault is none of its.
 */
export function withHits(
  faults: readonly Omit<FaultRecord, "hits">[],
  asked: readonly AskedFault[],
  log: string,
): readonly FaultRecord[] {
  const strikes = new Map(
    log.split("\n").flatMap((line) => {
      const { data } = Ended.safeParse(parseLine(line));
      return data === undefined ? [] : [[data.rule, data.strikes] as const];
    }),
  );
  return faults.map((fault) => {
    const own = asked.find(({ name, at }) => name === fault.name && at >= fault.from && at <= fault.to);
    return { ...fault, hits: (own && strikes.get(own.id)) ?? null };
  });
}

/** The log of a part, with its older files. */
export function readLog(dataDir: string, part: string): string {
  const folder = join(dataDir, "logs");
  const files = readdirSync(folder).filter((name) => name.startsWith(`${part}.log`));
  return files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // cut by a kill
  }
}
