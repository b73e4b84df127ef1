import { createHash } from "node:crypto";
import { z } from "zod";
import { POOL_NAMES } from "../resources.ts";

/** All that a new worker starts from. It is never changed: whatever differs is another release. */
export const ReleaseManifest = z.object({
  /** Key of the bundle in the releases bucket, `releases/<sha256>.tar.gz`. */
  release: z.string().min(1),
  /** Of the bundle: an instance runs nothing else. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Keys of the settings of each pool's workers, `settings/<pool>-<sha256>.env`. */
  settings: z.record(z.enum(POOL_NAMES), z.string().min(1)),
  /** SHA-256 of package-lock.json: names the cache of node_modules, for a release without packages. */
  lockfileHash: z.string().regex(/^[A-Za-z0-9._-]+$/),
});
export type ReleaseManifest = z.infer<typeof ReleaseManifest>;

/** The hash that a release is known by: of its code, its settings and its packages together. */
export function releaseIdOf({ release, sha256, settings, lockfileHash }: ReleaseManifest): string {
  const fixed = [release, sha256, POOL_NAMES.map((pool) => settings[pool]), lockfileHash];
  return createHash("sha256").update(JSON.stringify(fixed)).digest("hex");
}
