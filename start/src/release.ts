import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, symlink, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

const run = promisify(execFile);

/** What `current.json` in the releases bucket says; the autoscaler reads it for each launch. */
export interface Release {
  /** Key of the bundle, `releases/<sha256>.tar.gz`. */
  readonly release: string;
  /** Key of the workers' settings, `settings/<sha256>.env`. */
  readonly settings: string;
  /** SHA-256 of package-lock.json: names the cache of node_modules. */
  readonly lockfileHash: string;
}

/** What a worker runs; tests, browser sources and the manager's machine's parts stay behind. */
const CONTENT = [
  "package.json",
  "package-lock.json",
  ".npmrc",
  "start.sh",
  "start/src",
  "shared/src",
  "user-app/src",
  "user-app/dist",
  "user-app/mask-model/mask-model.onnx",
  "samples",
  "annotator/src",
  "annotator/pack",
  // npm ci wants every workspace that the lockfile names.
  ...["shared", "local-cloud", "autoscaler", "manager", "user-app", "annotator", "start"].map(
    (name) => `${name}/package.json`,
  ),
];

/** Packs the release; equal sources give equal bytes, so an unchanged one has the same key. */
export async function packRelease(root: string): Promise<{ readonly key: string; readonly bytes: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), "gas-release-"));
  try {
    const file = join(folder, "release.tar");
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
        "--exclude=*.test.ts",
        ...CONTENT,
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
  /** The workers' settings, as a shell file. */
  readonly settings: string;
}

/** Uploads the release and its settings, unless they are there, and makes them the current ones. */
export async function publishRelease({ s3, bucket, root, settings }: PublishOptions): Promise<Release> {
  const [bundle, lockfile] = await Promise.all([packRelease(root), readFile(join(root, "package-lock.json"))]);
  const release: Release = {
    release: bundle.key,
    settings: `settings/${sha256(settings)}.env`,
    lockfileHash: sha256(lockfile),
  };
  await putOnce(s3, bucket, release.release, bundle.bytes);
  await putOnce(s3, bucket, release.settings, settings);
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
