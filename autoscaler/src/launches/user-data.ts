import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { ReleaseManifest } from "@elastic-gas/shared/releases/manifest";
import type { PoolName } from "@elastic-gas/shared/resources";

/** A worker fetches its release within minutes of its launch; later the addresses are worthless. */
const URL_SECONDS = 3_600;

/** The first-boot script of one worker, with addresses that open the release and the settings for an hour. */
export async function renderUserData(
  template: string,
  {
    s3,
    bucket,
    pool,
    release,
  }: {
    readonly s3: S3Client;
    readonly bucket: string;
    readonly pool: PoolName;
    readonly release: ReleaseManifest;
  },
): Promise<string> {
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
