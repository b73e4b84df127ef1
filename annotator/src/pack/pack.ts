import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { ClinvarTrack } from "./clinvar-track.ts";
import { type PackBuild, PackManifest } from "./manifest.ts";
import { BandTrack, GeneTrack } from "./tracks.ts";

/** What a pack knows of one chromosome; a track is null when the pack has none for it, and read when it is first asked for. */
export interface Chromosome {
  readonly length: number | null;
  readonly genes: GeneTrack | null;
  readonly bands: BandTrack | null;
  readonly clinvar: ClinvarTrack | null;
}

/** One build of a pack. Chromosomes are read when they are first asked for, so that a small file costs little. */
export interface BuildData {
  readonly name: string;
  /** Which variants of ClinVar it has, a phrase; null for none. */
  readonly clinvarHeld: string | null;
  /** By canonical contig name; undefined when the pack does not know the contig. */
  chromosome(canonical: string): Chromosome | undefined;
  /** ClinVar's words for a significance's or a disease's index. */
  significance(index: number): string;
  disease(index: number): string;
  /** Absolute paths; null when the pack has not both. */
  readonly reference: { readonly fasta: string; readonly gff3: string } | null;
}

export interface BuildLengths {
  readonly name: string;
  /** Bases by canonical contig name. */
  readonly lengths: ReadonlyMap<string, number>;
}

export interface Pack {
  readonly name: string;
  readonly defaultBuild: string;
  readonly builds: readonly BuildLengths[];
  build(name: string): BuildData | undefined;
}

export const DEFAULT_PACK_DIRECTORY = resolve(import.meta.dirname, "..", "..", "pack");

/** Opens a pack folder. Throws when `pack.json` is missing or not one. */
export function openPack(directory: string = DEFAULT_PACK_DIRECTORY): Pack {
  const path = join(directory, "pack.json");
  const parsed = PackManifest.safeParse(readManifest(path));
  if (!parsed.success)
    throw new Error(`${path} is not the manifest of an annotation pack:\n${z.prettifyError(parsed.error)}`);
  const manifest = parsed.data;
  const base = manifest.base === "default" ? openPack() : undefined;
  const builds = new Map<string, BuildData>();
  const names = [...new Set([...Object.keys(manifest.builds), ...(base?.builds.map((build) => build.name) ?? [])])];
  for (const name of names) {
    const own = manifest.builds[name];
    const inherited = base?.build(name);
    if (own !== undefined) builds.set(name, buildData(directory, name, own, inherited));
    else if (inherited !== undefined) builds.set(name, inherited);
  }
  return {
    name: manifest.name,
    defaultBuild: manifest.defaultBuild,
    builds: names.map((name) => ({
      name,
      lengths: new Map([
        ...(base?.builds.find((build) => build.name === name)?.lengths ?? []),
        ...lengthsOf(manifest.builds[name]),
      ]),
    })),
    build: (name) => builds.get(name),
  };
}

function readManifest(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`Could not read the annotation pack's ${path}`, { cause });
  }
}

function lengthsOf(build: PackBuild | undefined): [string, number][] {
  return Object.entries(build?.chromosomes ?? {}).flatMap(([name, { length }]) =>
    length === null ? [] : [[name, length]],
  );
}

function buildData(directory: string, name: string, build: PackBuild, inherited: BuildData | undefined): BuildData {
  const { files } = build;
  const known = new Map<string, Chromosome>();
  let diseases: readonly string[] | undefined;
  const read = (canonical: string): Chromosome | undefined => {
    const entry = build.chromosomes[canonical];
    if (entry === undefined) return inherited?.chromosome(canonical);
    const base = inherited?.chromosome(canonical);
    const track = <Track>(
      kind: "genes" | "bands" | "clinvar",
      make: (lines: string[]) => Track,
      fallback: () => Track | null,
    ) => {
      const [file, member] = [files[kind], entry[kind]];
      let made: Track | null | undefined;
      return () => {
        if (made === undefined)
          made =
            file === undefined || member === undefined ? fallback() : make(readMember(join(directory, file), member));
        return made;
      };
    };
    const [genes, bands, clinvar] = [
      track(
        "genes",
        (lines) => new GeneTrack(lines),
        () => base?.genes ?? null,
      ),
      track(
        "bands",
        (lines) => new BandTrack(lines),
        () => base?.bands ?? null,
      ),
      track(
        "clinvar",
        (lines) => new ClinvarTrack(lines, entry.clinvarStretches),
        () => base?.clinvar ?? null,
      ),
    ];
    return {
      length: entry.length ?? base?.length ?? null,
      get genes() {
        return genes();
      },
      get bands() {
        return bands();
      },
      get clinvar() {
        return clinvar();
      },
    };
  };
  return {
    name,
    clinvarHeld: files.clinvar === undefined ? (inherited?.clinvarHeld ?? null) : (files.clinvarHeld ?? "not told"),
    chromosome(canonical) {
      const chromosome = known.get(canonical) ?? read(canonical);
      if (chromosome !== undefined) known.set(canonical, chromosome);
      return chromosome;
    },
    significance: (index) => files.significances?.[index] ?? inherited?.significance(index) ?? "",
    disease(index) {
      if (files.diseases === undefined) return inherited?.disease(index) ?? "";
      diseases ??= gunzipSync(readFileSync(join(directory, files.diseases)))
        .toString("latin1")
        .split("\n");
      return diseases[index] ?? "";
    },
    reference:
      build.fasta === undefined || build.gff3 === undefined
        ? (inherited?.reference ?? null)
        : { fasta: resolve(directory, build.fasta), gff3: resolve(directory, build.gff3) },
  };
}

/** Lines of one gzip member. Latin-1, as the engine treats all text: bytes pass through unchanged. */
function readMember(path: string, [offset, length]: readonly [number, number]): string[] {
  const member = Buffer.alloc(length);
  const file = openSync(path, "r");
  try {
    const read = readSync(file, member, 0, length, offset);
    if (read !== length)
      throw new Error(`The annotation pack's ${path} ends after ${offset + read} bytes; run npm run build-pack.`);
  } finally {
    closeSync(file);
  }
  const lines = gunzipSync(member).toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
