import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import type { ReleaseManifest } from "@elastic-gas/shared/releases/manifest";
import { POOL_NAMES, type PoolName } from "@elastic-gas/shared/resources";
import { listReleaseFiles, type ReleaseKind } from "./release-content.ts";
import { listPackageFiles } from "./release-packages.ts";

const run = promisify(execFile);

export interface PackedRelease {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: Buffer;
}

/**
 * Packs a release; equal sources give equal bytes, so an unchanged one has the same key. With its packages it is all
 * that an instance needs, Node included: what AWS gets. Without them it is for this machine, whose instances link the
 * checkout's.
 */
export async function packRelease(
  root: string,
  { kind = "worker", withPackages = false }: { readonly kind?: ReleaseKind; readonly withPackages?: boolean } = {},
): Promise<PackedRelease> {
  const sources = await listReleaseFiles(root, kind);
  const folder = await mkdtemp(join(tmpdir(), "gas-release-"));
  try {
    const file = join(folder, "release.tar");
    const list = join(folder, "files");
    await writeFile(list, [...sources, ...(withPackages ? listPackageFiles(root, sources) : [])].join("\0"));
    // start.sh installs nothing where this names the lockfile.
    const stamp = "node_modules/.lockfile-hash";
    if (withPackages) {
      await mkdir(join(folder, "node_modules"));
      await writeFile(join(folder, stamp), sha256(await readFile(join(root, "package-lock.json"))));
    }
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
        "--mode=u=rwX,go=rX",
        "--hard-dereference",
        ...(withPackages ? ["-C", folder, stamp] : []),
        "-C",
        root,
        "--null",
        `--files-from=${list}`,
      ],
      { cwd: root },
    );
    // -n leaves the time out of gzip's header. A start waits for what stays on this machine.
    await run("gzip", ["-n", withPackages ? "-6" : "-1", file]);
    const bytes = await readFile(`${file}.gz`);
    const hash = sha256(bytes);
    return { key: keyOf(hash), sha256: hash, bytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface PublishOptions {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly root: string;
  /** The SHA-256 of a release that the bucket has already; without it one is packed here, for this machine. */
  readonly uploaded?: string;
  /** The settings of a pool's workers, as a shell file. */
  readonly settingsOf: (pool: PoolName) => string;
}

/** Uploads the bundle and the settings of a release, unless they are there. */
export async function publishRelease(options: PublishOptions): Promise<ReleaseManifest> {
  const { s3, bucket, root, uploaded, settingsOf } = options;
  const bundle =
    uploaded === undefined
      ? await uploadRelease(s3, bucket, await packRelease(root))
      : { key: keyOf(uploaded), sha256: uploaded };
  const lockfile = await readFile(join(root, "package-lock.json"));
  const settings = await Promise.all(
    POOL_NAMES.map(async (pool): Promise<[PoolName, string]> => {
      const text = settingsOf(pool);
      const key = `settings/${pool}-${sha256(text)}.env`;
      await putOnce(s3, bucket, key, text);
      return [pool, key];
    }),
  );
  return {
    release: bundle.key,
    sha256: bundle.sha256,
    settings: Object.fromEntries(settings) as Record<PoolName, string>,
    lockfileHash: sha256(lockfile),
  };
}

/** Uploads a release unless it is there. */
export async function uploadRelease(s3: S3Client, bucket: string, release: PackedRelease): Promise<PackedRelease> {
  await putOnce(s3, bucket, release.key, release.bytes);
  return release;
}

/**
 * Lets instances on this machine link the checkout's node_modules instead of installing their own:
 * `<cache>/node_modules-<hash>`.
 */
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

function keyOf(hash: string): string {
  return `releases/${hash}.tar.gz`;
}

function sha256(content: Buffer | string): string {
  return createHash("sha256").update(content).digest("hex");
}
