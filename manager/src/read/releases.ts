import { describeEnd, describeStep, readStep } from "@elastic-gas/scaling/update-reason";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { UpdateState } from "@elastic-gas/shared/database/tables";
import { listReleases, type Release } from "@elastic-gas/shared/releases/releases";
import {
  findActiveUpdate,
  findCurrentRelease,
  listUpdates,
  type ReleaseUpdate,
} from "@elastic-gas/shared/releases/updates";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import type { Reader } from "../model/reader.ts";

/** An update with its sentences. Instants are epoch milliseconds. */
export interface ShownUpdate extends Pick<ReleaseUpdate, "from" | "to" | "startedBy" | "startedAt" | "finishedAt"> {
  readonly state: UpdateState;
  /** Why it went back, or was over at once; null where nothing is to be said. */
  readonly why: string | null;
}

export interface ReleasesPage {
  /** What workers run outside of an update; null before the first release. */
  readonly current: string | null;
  readonly releases: readonly Release[];
  readonly active:
    | (ShownUpdate & { readonly pools: readonly { readonly pool: PoolName; readonly step: string }[] })
    | null;
  /** Newest first, the active one left out. */
  readonly past: readonly ShownUpdate[];
}

const SHOWN = 20;

export async function readReleases(db: Database, reader: Reader): Promise<ReleasesPage> {
  const [current, releases, active, updates] = await Promise.all([
    findCurrentRelease(db),
    listReleases(db, SHOWN),
    findActiveUpdate(db),
    listUpdates(db, SHOWN),
  ]);
  const shown = (update: ReleaseUpdate): ShownUpdate => ({ ...update, why: describeEnd(update.reason, reader) });
  const sentenceOf = (stored: unknown): string => {
    const step = readStep(stored);
    return step === null ? "Not begun yet." : describeStep(step, reader);
  };
  const pools = POOL_NAMES.map((pool) => ({ pool, step: sentenceOf(active?.pools.get(pool)?.step) }));
  return {
    current,
    releases,
    active: active === null ? null : { ...shown(active), pools },
    past: updates.filter(({ finishedAt }) => finishedAt !== null).map(shown),
  };
}
