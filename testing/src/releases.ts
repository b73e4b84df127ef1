import type { Database } from "@elastic-gas/shared/database/connect";
import type { ReleaseManifest } from "@elastic-gas/shared/releases/manifest";
import { insertRelease } from "@elastic-gas/shared/releases/releases";
import { adoptRelease } from "@elastic-gas/shared/releases/updates";

/** A release of which there is no bundle. */
export const CURRENT_RELEASE: ReleaseManifest = {
  release: "releases/1.tar.gz",
  sha256: "0".repeat(64),
  settings: { web: "settings/web-1.env", annotator: "settings/annotator-1.env", utility: "settings/utility-1.env" },
  lockfileHash: "abc",
};

/** Publishes a release and takes it into use at once, as a start does while no worker runs. Returns its id. */
export async function useRelease(db: Database, manifest: ReleaseManifest): Promise<string> {
  const by = { actor: "start.sh", now: new Date() };
  const to = await insertRelease(db, manifest, by);
  await db.transaction().execute((trx) => adoptRelease(trx, { ...by, to }));
  return to;
}
