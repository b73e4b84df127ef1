import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import { listReleaseFiles } from "./release-content.ts";

const run = promisify(execFile);

/** What `current.json` in the releases bucket says; the autoscaler reads it for each launch. */
export interface Release {
  /** Key of the bundle, `releases/<sha256>.tar.gz`. */
  readonly release: string;
  /** Keys of the settings of each pool's workers, `settings/<pool>-<sha256>.env`. */
  readonly settings: Readonly<Record<PoolName, string>>;
  /** SHA-256 of package-lock.json: names the cache of node_modules. */
  readonly lockfileHash: string;
}

/** Packs the release; equal sources give equal bytes, so an unchanged one has the same key. */
export async function packRelease(root: string): Promise<{ readonly key: string; readonly bytes: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), "gas-release-"));
  try {
    const file = join(folder, "release.tar");
    const list = join(folder, "files");
    await writeFile(list, (await listReleaseFiles(root)).join("\0"));
    await run(
      "tar",
      [
        "--create",
        `--file=${file}`,
        "--sort=name",
        "--mtime=@0",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--null",
        `--files-from=${list}`,
      ],
      { cwd: root },
    );
    // -n leaves the time out of gzip's header.
    await run("gzip", ["-n", "-6", file]);
    const bytes = await readFile(`${file}.gz`);
    return { key: `releases/${sha256(bytes)}.tar.gz`, bytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface PublishOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly root: string;
  /** The settings of a pool's workers, as a shell file. */
  readonly settingsOf: (pool: PoolName) => string;
}

/** Uploads the release and its settings, unless they are there, and makes them the current ones. */
export async function publishRelease({ s3, bucket, root, settingsOf }: PublishOptions): Promise<Release> {
  const [bundle, lockfile] = await Promise.all([packRelease(root), readFile(join(root, "package-lock.json"))]);
  await putOnce(s3, bucket, bundle.key, bundle.bytes);
  const settings = await Promise.all(
    POOL_NAMES.map(async (pool): Promise<[PoolName, string]> => {
      const text = settingsOf(pool);
      const key = `settings/${pool}-${sha256(text)}.env`;
      await putOnce(s3, bucket, key, text);
      return [pool, key];
    }),
  );
  const release: Release = {
    release: bundle.key,
    settings: Object.fromEntries(settings) as Record<PoolName, string>,
    lockfileHash: sha256(lockfile),
  };
  await put(s3, bucket, "current.json", JSON.stringify(release));
  return release;
}

/** Lets instances on this machine link the checkout's node_modules instead of installing their own: `<cache>/node_modules-<hash>`. */
export async function offerNodeModules(root: string, cache: string, lockfileHash: string): Promise<void> {
  const link = join(cache, `node_modules-${lockfileHash}`);
  await unlink(link).catch(() => {}); // absent at the first start
  await symlink(join(root, "node_modules"), link);
}

async function putOnce(s3: S3Client, bucket: string, key: string, body: Buffer | string): Promise<void> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    await put(s3, bucket, key, body);
  }
}

async function put(s3: S3Client, bucket: string, key: string, body: Buffer | string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ServerSideEncryption: "AES256" }));
}

function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}
