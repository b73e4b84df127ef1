import { audit } from "@elastic-gas/shared/audit";
import { formatRelease } from "@elastic-gas/shared/releases/format-release";
import { findReleases, listReleases } from "@elastic-gas/shared/releases/releases";
import { beginUpdate, changeUpdate, type UpdateChange, type UpdateVerb } from "@elastic-gas/shared/releases/updates";
import { HttpError } from "@elastic-gas/shared/web/errors";
import { z } from "zod";
import type { FeatureDeps, Outcome } from "../feature-deps.ts";
import type { Requester } from "../requester.ts";

/** The release by the first characters of its hash; without it, the newest one. */
export const UpdateBody = z.strictObject({
  release: z
    .string()
    .regex(/^[0-9a-f]{4,64}$/, "a release is named by 4 to 64 characters of its hash")
    .optional(),
  canarySeconds: z.coerce.number().int().min(1).max(86_400).optional(),
});
export type UpdateBody = z.infer<typeof UpdateBody>;

/** Begins to replace the workers by those of another release. The same request twice is one. */
export async function startUpdate(
  { db, config, now }: FeatureDeps,
  { release, canarySeconds = config.CANARY_SECONDS }: UpdateBody,
  { actor, address }: Requester,
): Promise<Outcome> {
  const found =
    release === undefined ? (await listReleases(db, 1)).map(({ id }) => id) : await findReleases(db, release);
  const [to, another] = found;
  if (to === undefined) throw new HttpError(404, `No release ${release ?? ""}. Publish one: ./start.sh release.`);
  if (another !== undefined)
    throw new HttpError(400, `Several releases begin with ${release}; give more characters of the hash.`);
  const request = { to, canarySeconds, actor, now: new Date(now()) };
  const change = await db.transaction().execute((trx) => beginUpdate(trx, request));
  if (change.kind === "done") await audit(db, { actor, action: "release.update", target: to, address });
  return outcomeOf(change, `Not updated to ${formatRelease(to)}`);
}

export async function steerUpdate(
  { db }: FeatureDeps,
  verb: UpdateVerb,
  { actor, address }: Requester,
): Promise<Outcome> {
  const change = await db.transaction().execute((trx) => changeUpdate(trx, verb, { actor }));
  if (change.kind === "done") await audit(db, { actor, action: `release.${verb}`, address });
  return outcomeOf(change, "Nothing was changed");
}

function outcomeOf(change: UpdateChange, refused: string): Outcome {
  return change.kind === "done"
    ? { done: true, sentence: change.sentence }
    : { done: false, sentence: `${refused}: ${change.reason}.` };
}
