import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { PICTURE_SAMPLES, pictureSamplePath, VCF_SAMPLES, vcfSamplePath } from "@elastic-gas/shared/samples";
import type { LoadKind } from "./arguments.ts";
import type { LoadFile } from "./upload.ts";

export type LoadFiles = readonly [LoadFile, ...LoadFile[]];

const KINDS: Readonly<Record<LoadKind, { readonly what: string; readonly names: RegExp }>> = {
  photos: { what: "picture (.jpg, .png, .gif, .webp)", names: /\.(jpe?g|png|gif|webp)$/i },
  jobs: { what: "VCF file (.vcf, .vcf.gz, .vcf.bgz)", names: /\.vcf(\.b?gz)?$/i },
};
/** The sample that fails to show how that looks: a load of it would be failures only. */
const FAILING = "no-header-line.vcf";

/** The project's own files of that kind. */
export function readOwnFiles(kind: LoadKind): Promise<LoadFiles> {
  const paths =
    kind === "photos"
      ? PICTURE_SAMPLES.map((sample) => [sample.file, pictureSamplePath(sample)] as const)
      : VCF_SAMPLES.filter(({ file }) => file !== FAILING).map(
          (sample) => [sample.file, vcfSamplePath(sample)] as const,
        );
  return readFiles(paths, "The project");
}

/** All files of that kind in a folder, by name. */
export async function readFolder(kind: LoadKind, folder: string): Promise<LoadFiles> {
  const { what, names } = KINDS[kind];
  const found = (await readdir(folder)).filter((name) => names.test(name)).sort();
  return readFiles(
    found.map((name) => [name, join(folder, name)] as const),
    `${folder} holds no ${what}.`,
  );
}

async function readFiles(paths: readonly (readonly [string, string])[], without: string): Promise<LoadFiles> {
  const [first, ...rest] = await Promise.all(
    paths.map(async ([name, path]): Promise<LoadFile> => ({ name, bytes: await readFile(path) })),
  );
  if (first === undefined) throw new Error(without);
  return [first, ...rest];
}
