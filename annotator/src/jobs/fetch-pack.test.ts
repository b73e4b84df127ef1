import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { createLogger } from "@elastic-gas/shared/logger";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DEFAULT_PACK_DIRECTORY, openPack } from "../pack/pack.ts";
import { fetchPack, locatePack } from "./fetch-pack.ts";

const [bucket, prefix] = ["test-releases", "packs/grch38"];
const signal = new AbortController().signal;
const log = createLogger("test", "silent");
const directory = mkdtempSync(join(tmpdir(), "fetched-"));
let cloud: TestCloud;
let s3: S3Client;

beforeAll(async () => {
  cloud = await startTestCloud();
  s3 = new S3Client(cloud.clientConfig);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** Puts the product's pack there, perhaps with one file replaced. */
async function put(under: string, replaced: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const name of readdirSync(DEFAULT_PACK_DIRECTORY)) {
    const body = replaced[name] ?? readFileSync(join(DEFAULT_PACK_DIRECTORY, name));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${under}/${name}`, Body: body }));
  }
}

const folder = () => mkdtempSync(join(directory, "packs-"));

it("comes whole, under a name of its content, and once for all workers of a machine", async () => {
  await put(prefix);
  const place = { bucket, prefix, directory: folder(), signal };
  const [first, second] = await Promise.all([fetchPack(s3, place), fetchPack(s3, place)]);
  expect(second).toBe(first);
  expect(readdirSync(first).sort()).toEqual(readdirSync(DEFAULT_PACK_DIRECTORY).sort());
  expect(openPack(first).build("GRCh38")?.chromosome("17")?.genes?.symbols).toContain("TP53");
  expect(readdirSync(place.directory)).toEqual([basename(first)]);
});

it("leaves nothing behind when a file is not the one that the manifest names", async () => {
  await put("packs/other", { "grch38-genes.tsv.gz": "something else" });
  const place = { bucket, prefix: "packs/other", directory: folder(), signal };
  await expect(fetchPack(s3, place)).rejects.toThrow(
    "s3://test-releases/packs/other/grch38-genes.tsv.gz is not the file that pack.json names. Copy the pack there again.",
  );
  expect(readdirSync(place.directory)).toEqual([]);
});

it("takes no file outside its folder", async () => {
  const manifest = JSON.parse(readFileSync(join(DEFAULT_PACK_DIRECTORY, "pack.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const files = { "../x": { bytes: 1, sha256: "0" } };
  await put("packs/evil", { "pack.json": JSON.stringify({ ...manifest, files }) });
  const fetching = fetchPack(s3, { bucket, prefix: "packs/evil", directory: folder(), signal });
  await expect(fetching).rejects.toThrow('The pack names a file "../x"');
});

it("is the product's without a setting, a folder as it is, and S3's when it has come", async () => {
  const place = { directory: folder(), signal };
  expect(await locatePack(s3, { ...place, setting: undefined }, log)).toBeNull();
  expect(await locatePack(s3, { ...place, setting: "/packs/mine" }, log)).toBe("/packs/mine");
  const fetched = await locatePack(s3, { ...place, setting: `s3://${bucket}/${prefix}/` }, log);
  expect(openPack(fetched ?? "").name).toBe(openPack().name);
});

it("is waited for while it is not there, until the worker stops", async () => {
  const stop = new AbortController();
  const waiting = locatePack(
    s3,
    { directory: folder(), signal: stop.signal, setting: `s3://${bucket}/packs/none` },
    log,
  );
  stop.abort();
  expect(await waiting).toBeNull();
});
