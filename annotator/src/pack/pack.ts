import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { type Chromosome, chromosomeReader } from "./chromosome.ts";
import { type PackBuild, PackManifest, type SourceKind } from "./manifest.ts";
import { Fasta } from "./sequence.ts";

/** A file that data of a build come from, for citation. */
export interface PackSource {
  readonly name: string;
  readonly release: string;
  /** As its header tells it; empty when it does not. */
  readonly date: string;
  readonly licence: string;
  /** By whom we have it. */
  readonly from: string;
  readonly kinds: readonly SourceKind[];
}

/** What consequences are called with; null when a pack has not both. Paths are absolute. */
export interface Reference {
  readonly fasta: string;
  readonly gff3: string;
  /** True when the genes of the build are those of the GFF3: outside them there is no consequence. */
  readonly hasGenes: boolean;
}

/** Which kinds of look-up a build has somewhere. */
export interface Holdings {
  readonly rs: boolean;
  readonly frequencies: boolean;
  readonly intervals: boolean;
  readonly sequence: boolean;
  /** ClinVar's review status, which the pack has together with all of its classes. */
  readonly review: boolean;
}

/** One build of a pack. Chromosomes are read when they are first asked for, so that a small file costs little. */
export interface BuildData {
  readonly name: string;
  readonly sources: readonly PackSource[];
  readonly holds: Holdings;
  /** Which variants of ClinVar it has, a phrase; null for none. */
  readonly clinvarHeld: string | null;
  /** By canonical contig name; undefined when the pack does not know the contig. */
  chromosome(canonical: string): Chromosome | undefined;
  readonly reference: Reference | null;
  /**
   * The build that records of this one are looked up in, at the places that the two share; null to look them up in this
   * one.
   */
  readonly liftTo: BuildData | null;
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
    if (own !== undefined)
      builds.set(
        name,
        buildData({
          directory,
          name,
          own,
          inherited,
          sources: sourcesOf(manifest, name),
          find: (other) => builds.get(other),
        }),
      );
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

function sourcesOf({ sources }: PackManifest, build: string): PackSource[] {
  return sources.flatMap(({ builds, name, release, date, licence, from, version, kinds }) => {
    if (kinds.length === 0 || builds?.includes(build) === false) return [];
    return [{ name, release, date, licence, from: `${from} ${version}`.trim(), kinds }];
  });
}

interface BuildQuestion {
  readonly directory: string;
  readonly name: string;
  readonly own: PackBuild;
  readonly inherited: BuildData | undefined;
  readonly sources: readonly PackSource[];
  readonly find: (build: string) => BuildData | undefined;
}

function buildData({ directory, name, own, inherited, sources, find }: BuildQuestion): BuildData {
  const { files } = own;
  const known = new Map<string, Chromosome>();
  let diseases: readonly string[] | undefined;
  const fasta = own.fasta === undefined ? null : new Fasta(resolve(directory, own.fasta));
  const read = chromosomeReader({
    directory,
    build: own,
    fasta,
    words: {
      significance: (index) => files.significances?.[index] ?? "",
      disease(index) {
        diseases ??= gunzipSync(readFileSync(join(directory, files.diseases ?? "")))
          .toString("latin1")
          .split("\n");
        return diseases[index] ?? "";
      },
    },
  });
  const given = new Set(sources.flatMap(({ kinds }) => kinds));
  const hasClinvar = files.clinvar !== undefined || files.clinvarBlocks !== undefined;
  return {
    name,
    sources: [...sources, ...(inherited?.sources ?? []).filter(({ kinds }) => kinds.some((kind) => !given.has(kind)))],
    holds: {
      rs: files.rs !== undefined || inherited?.holds.rs === true,
      frequencies: files.frequencies !== undefined || inherited?.holds.frequencies === true,
      intervals: files.intervals !== undefined || inherited?.holds.intervals === true,
      sequence: fasta !== null || inherited?.holds.sequence === true,
      review: hasClinvar ? files.clinvarBlocks !== undefined : inherited?.holds.review === true,
    },
    clinvarHeld: hasClinvar ? (files.clinvarHeld ?? "not told") : (inherited?.clinvarHeld ?? null),
    chromosome(canonical) {
      const chromosome = known.get(canonical) ?? read(canonical, inherited?.chromosome(canonical));
      if (chromosome !== undefined) known.set(canonical, chromosome);
      return chromosome;
    },
    reference:
      own.fasta === undefined || own.gff3 === undefined
        ? (inherited?.reference ?? null)
        : {
            fasta: resolve(directory, own.fasta),
            gff3: resolve(directory, own.gff3),
            hasGenes: files.genes !== undefined,
          },
    get liftTo() {
      return own.liftTo === undefined ? (inherited?.liftTo ?? null) : (find(own.liftTo) ?? null);
    },
  };
}
