import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CHROMOSOME_LENGTHS_T2T } from "@elastic-gas/shared/vcf/genomes";
import { type PackBuild, PackManifest } from "../manifest.ts";
import { type BuildLengths, openPack } from "../pack.ts";
import { CLINVAR, DBSNP, FREQUENCIES, makeAlleles } from "./allele-sources.ts";
import type { PackArguments } from "./arguments.ts";
import { type ChainPart, makeLift } from "./chain-source.ts";
import { makeSequence } from "./fasta-source.ts";
import { makeGenes } from "./gff-source.ts";
import { makeIntervals } from "./intervals-source.ts";
import { SourceError } from "./source-file.ts";
import type { Part, Target } from "./target.ts";

/**
 * Makes a pack, or adds a build to the pack of a folder. What no source is named for comes from the pack of the
 * product. Throws SourceError.
 */
export async function makePack(
  args: PackArguments,
  { today, say }: { today: Date; say: (line: string) => void },
): Promise<void> {
  const builds = knownBuilds();
  const own = builds.find(({ name }) => name === args.build);
  if (own === undefined)
    throw new SourceError(
      `--build ${args.build} is not known. Take one of ${builds.map(({ name }) => name).join(", ")}.`,
    );
  await mkdir(args.directory, { recursive: true });
  const before = readBefore(args.directory);
  const target: Target = {
    directory: args.directory,
    build: args.build,
    stem: args.build.toLowerCase(),
    lengths: own.lengths,
    builds,
  };
  const parts: Part[] = [];
  const make = async (what: string, isNamed: boolean, making: () => Promise<Part>) => {
    if (!isNamed) return;
    const startedAt = performance.now();
    const part = await making();
    parts.push(part);
    const counts = Object.entries(part.counts).map(
      ([name, count]) => `${count.toLocaleString("en-US")} ${COUNTED[name] ?? name}`,
    );
    say(`${what}: ${counts.join(", ")} in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    part.notes.forEach(say);
  };
  const { clinvar, dbsnp, frequencies, gff, fasta, beds } = args;
  await make("ClinVar", clinvar.length > 0, () => makeAlleles(target, CLINVAR, clinvar));
  await make("dbSNP", dbsnp.length > 0, () => makeAlleles(target, DBSNP, dbsnp));
  await make("Frequencies", frequencies.length > 0, () => makeAlleles(target, FREQUENCIES, frequencies));
  await make("Genes", gff !== null, () => makeGenes(target, gff ?? ""));
  await make("Sequence", fasta !== null, () => makeSequence(target, fasta ?? ""));
  await make("Tracks", beds.length > 0, () => makeIntervals(target, beds));
  const chains: ChainPart[] = [];
  for (const path of args.chains) {
    const chain = await makeLift(target, path);
    say(`Lift-over from ${chain.from}: ${chain.blocks.toLocaleString("en-US")} stretches`);
    chains.push(chain);
  }
  const manifest = manifestOf({ target, parts, chains, before, today });
  const files = await describeFiles(args.directory, manifest.builds);
  const path = join(args.directory, "pack.json");
  await writeFile(path, `${JSON.stringify({ ...manifest, files }, null, 1)}\n`);
  say(`${path} is written. Set ANNOTATION_PACK to ${args.directory}.`);
}

const COUNTED: Readonly<Record<string, string>> = { clinvar: "alleles", rs: "alleles", frequencies: "alleles" };

/** Builds that the product's pack knows, and T2T-CHM13. */
function knownBuilds(): BuildLengths[] {
  return [...openPack().builds, { name: "T2T-CHM13", lengths: new Map(Object.entries(CHROMOSOME_LENGTHS_T2T)) }];
}

function readBefore(directory: string): PackManifest | null {
  const path = join(directory, "pack.json");
  if (!existsSync(path)) return null;
  const parsed = PackManifest.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success || parsed.data.base !== "default")
    throw new SourceError(`${path} is no pack that this command made. Name another folder with --out.`);
  return parsed.data;
}

interface Made {
  readonly target: Target;
  readonly parts: readonly Part[];
  readonly chains: readonly ChainPart[];
  readonly before: PackManifest | null;
  readonly today: Date;
}

function manifestOf({ target, parts, chains, before, today }: Made): PackManifest {
  const { build, lengths } = target;
  const members = parts.flatMap((part) => Object.entries(part.members));
  const chromosomes: PackBuild["chromosomes"] = Object.fromEntries(
    [...lengths].map(([name, length]) => {
      const own = members.flatMap(([kind, places]) => {
        const place = places.get(name);
        return place === undefined ? [] : [[kind, [...place]]];
      });
      return [name, { length, ...Object.fromEntries(own) }];
    }),
  );
  const own: PackBuild = {
    chromosomes,
    files: Object.assign({}, ...parts.map(({ files }) => files)),
    counts: Object.assign({}, ...parts.map(({ counts }) => counts)),
    fasta: parts.find(({ fasta }) => fasta !== undefined)?.fasta,
    gff3: parts.find(({ gff3 }) => gff3 !== undefined)?.gff3,
  };
  const builds = { ...before?.builds, [build]: own };
  for (const { from, lift, members: places, lengths: sizes, blocks } of chains) {
    const names = [...new Set([...places.keys(), ...sizes.keys()])];
    builds[from] = {
      chromosomes: Object.fromEntries(
        names.map((name) => {
          const place = places.get(name);
          return [
            name,
            {
              length: sizes.get(name) ?? null,
              ...(place === undefined ? {} : { lift: [...place] as [number, number] }),
            },
          ];
        }),
      ),
      files: { lift },
      counts: { lift: blocks },
      liftTo: build,
    };
  }
  const made = new Set([build, ...chains.map(({ from }) => from)]);
  const kept = (before?.sources ?? []).filter(({ builds: of }) => of?.some((name) => !made.has(name)) === true);
  const sources = [...kept, ...parts.flatMap((part) => part.sources), ...chains.map(({ source }) => source)];
  return {
    format: 1,
    name: packName(sources, Object.keys(builds)),
    description: `Made for ${Object.keys(builds).join(", ")}; what it lacks comes from the pack of the product.`,
    licence: [...new Set(sources.map(({ name, licence }) => `${name}: ${licence}`))].join("; "),
    builtOn: today.toISOString().slice(0, 10),
    base: "default",
    defaultBuild: "GRCh38",
    sources,
    files: {},
    builds,
  };
}

/** `GRCh38: ClinVar 2024-12-15, dbSNP build 157`. */
function packName(sources: PackManifest["sources"], builds: readonly string[]): string {
  const titles = sources
    .filter(({ kinds }) => !kinds.includes("lift"))
    .map(({ name, release }) => `${name} ${release}`.trim());
  return `${builds.join(", ")}: ${[...new Set(titles)].join(", ")}`;
}

/**
 * Every file of the builds with its size and hash, so that a worker that fetches the pack can tell whether it has all
 * of it.
 */
async function describeFiles(directory: string, builds: PackManifest["builds"]): Promise<PackManifest["files"]> {
  const names = Object.values(builds).flatMap(({ files, fasta, gff3 }) => [
    ...Object.values(files).flatMap((file) => {
      if (typeof file === "string") return /\.(?:gz|blocks)$/.test(file) ? [file] : [];
      return Array.isArray(file) ? [] : [file.blocks, file.index];
    }),
    ...(fasta === undefined ? [] : [fasta, `${fasta}.fai`]),
    ...(gff3 === undefined ? [] : [gff3]),
  ]);
  const described: PackManifest["files"] = {};
  for (const name of names) {
    const path = join(directory, name);
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    described[name] = { bytes: (await stat(path)).size, sha256: hash.digest("hex") };
  }
  return described;
}
