import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import { z } from "zod";

/** `current.json` in the releases bucket: what a new worker runs. */
const Release = z.object({
  release: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Each pool's workers get settings of their own. */
  settings: z.record(z.enum(POOL_NAMES), z.string().min(1)),
  lockfileHash: z.string().regex(/^[A-Za-z0-9._-]+$/),
});
type Release = z.infer<typeof Release>;

/** A worker fetches its release within minutes of its launch; later the addresses are worthless. */
const URL_SECONDS = 3_600;

async function readRelease(s3: S3Client, bucket: string): Promise<Release> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: "current.json" }));
  return Release.parse(JSON.parse((await Body?.transformToString()) ?? ""));
}

/** The first-boot script of one worker, with addresses that open the release and the settings for an hour. */
export async function renderUserData(
  template: string,
  { s3, bucket, pool }: { readonly s3: S3Client; readonly bucket: string; readonly pool: PoolName },
): Promise<string> {
  const release = await readRelease(s3, bucket);
  const sign = (key: string): Promise<string> =>
    getSignedUrl(s3, new GetObjectCommand({ Bucket: bucket, Key: key }), { expiresIn: URL_SECONDS });
  const [releaseUrl, settingsUrl] = await Promise.all([sign(release.release), sign(release.settings[pool])]);
  return fillTemplate(template, {
    POOL: pool,
    RELEASE_URL: releaseUrl,
    RELEASE_SHA256: release.sha256,
    SETTINGS_URL: settingsUrl,
    LOCKFILE_HASH: release.lockfileHash,
  });
}

/** Replaces `__NAME__`; throws when one is left or a value could leave its single quotes. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  const filled = template.replaceAll(/__([A-Z]+(?:_[A-Z0-9]+)*)__/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The user-data script has the unknown placeholder __${name}__.`);
    if (/['\n\\]/.test(value)) throw new Error(`The value of __${name}__ cannot stand in a shell script.`);
    return value;
  });
  return filled;
}
