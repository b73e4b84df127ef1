import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { minimalAllele } from "../vcf/alleles.ts";
import { encodeParts, flattenParts, type GenePart, REGIONS } from "./gene-regions.ts";
import type { PackBuild, PackManifest } from "./manifest.ts";

// Builds annotator/pack from the npm package ideogram; run by `npm run build-pack --workspace annotator` after an upgrade of that package.

interface Gene {
  readonly chromosome: string;
  readonly start: number;
  readonly end: number;
  readonly symbol: string;
  readonly id: string;
  readonly strand: string;
  readonly parts: string;
}

interface Structure {
  readonly strand: string;
  start: number;
  end: number;
  readonly parts: GenePart[];
}

type Kind = "genes" | "bands" | "clinvar";

const MITOCHONDRION_LENGTH = 16_569; // rCRS, NC_012920.1: the MT of GRCh37 and of GRCh38
const BAND_FILES = {
  GRCh38: "bands/native/homo-sapiens-GCF_000001405.26.json",
  GRCh37: "bands/native/homo-sapiens-GCF_000001405.13-850.json",
  NCBI36: "bands/native/homo-sapiens-GCF_000001405.12-850.json",
} as const;
const GENES_38 = "cache/genes/homo-sapiens-genes.tsv.gz";
const GENES_37 = "annotations/SRR562646.json";
const STRUCTURES = "cache/gene-structures/homo-sapiens-gene-structures.tsv.gz";
const VARIANTS = "cache/variants/homo-sapiens-variants.tsv.gz";
const VARIANT_KEYS = "cache/variants/homo-sapiens-variants.tsv.li.gz";

const ideogram = findIdeogram();
const target = join(import.meta.dirname, "..", "..", "pack");
const sources: PackManifest["sources"][number][] = [];
const files: Record<string, { bytes: number; sha256: string }> = {};

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
const manifest = buildPack();
writeFileSync(join(target, "pack.json"), `${JSON.stringify(manifest, null, 1)}\n`);
for (const [name, { counts }] of Object.entries(manifest.builds)) console.log(name, counts);

function buildPack(): PackManifest {
  const structures = readStructures();
  const genes38 = readGenes38(structures);
  const genes37 = readGenes37();
  const mitochondrial = genes38.filter((gene) => gene.chromosome === "MT");
  const { rows, diseases, significances } = readVariants();
  const mitochondrialRows = new Map([...rows].filter(([chromosome]) => chromosome === "MT"));

  write("clinvar-diseases.txt.gz", gzipSync(`${diseases.join("\n")}\n`, { level: 9 }));
  const known = {
    diseases: "clinvar-diseases.txt.gz",
    significances,
    clinvarHeld: `ClinVar of 2024-12-15, ${significances.join(", ")}, with two submitters that agree or an expert's review; not risk factors, benign, uncertain or conflicting ones, nor classes with a qualifier`,
  };
  const builds: Record<string, PackBuild> = {
    GRCh38: build("GRCh38", { genes: genes38, clinvar: rows }, known),
    // The mitochondrion is the same sequence in both builds, so GRCh37 takes it from GRCh38.
    GRCh37: build("GRCh37", { genes: [...genes37, ...mitochondrial], clinvar: mitochondrialRows }, known),
    NCBI36: build("NCBI36", { genes: [], clinvar: new Map() }, {}),
  };
  return {
    format: 1,
    name: "human-genes-clinvar-1",
    description:
      "Human gene loci (Ensembl 110 on GRCh38; GRCh37), cytobands, ClinVar (likely) pathogenic variants of 2024-12-15 on GRCh38.",
    licence: "CC0-1.0 (ideogram); ClinVar and Ensembl data are free of restrictions",
    builtOn: new Date().toISOString().slice(0, 10),
    defaultBuild: "GRCh38",
    sources,
    files,
    builds,
  };
}

function build(
  name: keyof typeof BAND_FILES,
  data: { genes: readonly Gene[]; clinvar: ReadonlyMap<string, string[]> },
  known: Partial<PackBuild["files"]>,
): PackBuild {
  const { bands, lengths } = readBands(BAND_FILES[name]);
  const chromosomes: PackBuild["chromosomes"] = {};
  const entry = (chromosome: string) => (chromosomes[chromosome] ??= { length: lengths.get(chromosome) ?? null });
  if (name !== "NCBI36") lengths.set("MT", MITOCHONDRION_LENGTH);
  for (const chromosome of lengths.keys()) entry(chromosome);

  const geneLines = new Map<string, string[]>();
  for (const gene of [...data.genes].sort(
    (a, b) => a.start - b.start || a.end - b.end || (a.symbol < b.symbol ? -1 : 1),
  )) {
    const line = [gene.start, gene.end, gene.symbol, gene.id, gene.strand, gene.parts].join("\t");
    geneLines.set(gene.chromosome, [...(geneLines.get(gene.chromosome) ?? []), line]);
  }
  const store = (kind: Kind, lines: ReadonlyMap<string, string[]>): string | undefined => {
    if (lines.size === 0) return undefined;
    const file = `${name.toLowerCase()}-${kind}.tsv.gz`;
    const members: Buffer[] = [];
    let offset = 0;
    for (const [chromosome, rows] of lines) {
      const member = gzipSync(`${rows.join("\n")}\n`, { level: 9 });
      entry(chromosome)[kind] = [offset, member.length];
      members.push(member);
      offset += member.length;
    }
    write(file, Buffer.concat(members));
    return file;
  };
  const names = {
    genes: store("genes", geneLines),
    bands: store("bands", bands),
    clinvar: store("clinvar", data.clinvar),
  };
  const count = (lines: ReadonlyMap<string, string[]>) =>
    [...lines.values()].reduce((sum, rows) => sum + rows.length, 0);
  return {
    chromosomes,
    files: { ...names, ...(names.clinvar === undefined ? {} : known) },
    counts: {
      genes: data.genes.length,
      genesWithParts: data.genes.filter((gene) => gene.parts !== "").length,
      mitochondrialGenes: data.genes.filter((gene) => gene.chromosome === "MT").length,
      bands: count(bands),
      clinvar: count(data.clinvar),
    },
  };
}

/** GRCh38 genes. The file's `length` is end minus start. */
function readGenes38(structures: ReadonlyMap<string, Structure>): Gene[] {
  return tsv(GENES_38, "Ensembl 110 genes").map(
    ([chromosome = "", start = "", length = "", slimId = "", symbol = ""]) => {
      const structure = structures.get(symbol);
      // Offsets count from some coding transcript, not from the gene: only where the transcripts together are as long as the gene can they be placed.
      const trusted = structure !== undefined && structure.end - structure.start === Number(length);
      return {
        chromosome,
        start: Number(start),
        end: Number(start) + Number(length),
        symbol,
        id: `ENSG${slimId.padStart(11, "0")}`,
        strand: structure?.strand ?? ".",
        parts: trusted ? encodeParts(flattenParts(structure.parts.map((part) => shift(part, structure.start)))) : "",
      };
    },
  );
}

function readGenes37(): Gene[] {
  const json: unknown = JSON.parse(source(GENES_37, "GRCh37 genes").toString("utf8"));
  const { annots } = json as { annots: { chr: string; annots: [string, number, number][] }[] }; // the shape is fixed by the pinned version
  return annots.flatMap(({ chr, annots: genes }) =>
    genes.map(([symbol, start, length]) => ({
      chromosome: chr,
      start,
      end: start + length,
      symbol,
      id: ".",
      strand: ".",
      parts: "",
    })),
  );
}

/** Per gene symbol the parts of all its coding transcripts. Subparts: 0 = 5' UTR, 1 = exon, 2 = 3' UTR, offsets in the direction of the chromosome. */
function readStructures(): Map<string, Structure> {
  const structures = new Map<string, Structure>();
  const region = {
    exon: REGIONS.indexOf("EXON"),
    utr5: REGIONS.indexOf("UTR5"),
    utr3: REGIONS.indexOf("UTR3"),
    cds: REGIONS.indexOf("CDS"),
  };
  for (const [transcript = "", offset = "", biotype = "", strand = ".", ...features] of tsv(
    STRUCTURES,
    "Ensembl 110 coding transcripts",
  )) {
    const symbol = transcript.slice(0, transcript.lastIndexOf("-"));
    const structure = structures.get(symbol) ?? { strand, start: Number.POSITIVE_INFINITY, end: 0, parts: [] };
    structures.set(symbol, structure);
    const pieces = features
      .filter((text) => text !== "")
      .map((text) => {
        const [kind = 0, start = 0, length = 0] = text.split(";").map(Number);
        return { kind, start: Number(offset) + start, end: Number(offset) + start + length };
      });
    const exons = pieces.filter((piece) => piece.kind === 1);
    const utrs = pieces.filter((piece) => piece.kind !== 1);
    structure.start = Math.min(structure.start, ...pieces.map((piece) => piece.start));
    structure.end = Math.max(structure.end, ...pieces.map((piece) => piece.end));
    for (const exon of exons) {
      structure.parts.push({ region: region.exon, start: exon.start, end: exon.end });
      // 1 and 2 are transcripts that the cell degrades (nonsense-mediated, non-stop): their exons are not counted as coding.
      if (biotype === "1" || biotype === "2") continue;
      for (const coding of subtract(exon, utrs)) structure.parts.push({ region: region.cds, ...coding });
      for (const utr of utrs) {
        const start = Math.max(exon.start, utr.start);
        const end = Math.min(exon.end, utr.end);
        if (start <= end) structure.parts.push({ region: utr.kind === 0 ? region.utr5 : region.utr3, start, end });
      }
    }
  }
  return structures;
}

function shift({ region, start, end }: GenePart, offset: number): GenePart {
  return { region, start: start - offset, end: end - offset };
}

function subtract(
  piece: { start: number; end: number },
  holes: readonly { start: number; end: number }[],
): { start: number; end: number }[] {
  let rest = [{ start: piece.start, end: piece.end }];
  for (const hole of holes) {
    rest = rest.flatMap(({ start, end }) => {
      if (hole.end < start || hole.start > end) return [{ start, end }];
      const left = { start, end: hole.start - 1 };
      const right = { start: hole.end + 1, end };
      return [left, right].filter((part) => part.start <= part.end);
    });
  }
  return rest;
}

function readBands(path: string): { bands: Map<string, string[]>; lengths: Map<string, number> } {
  const json: unknown = JSON.parse(source(path, "cytobands").toString("utf8"));
  const bands = new Map<string, string[]>();
  const lengths = new Map<string, number>();
  for (const text of (json as { chrBands: string[] }).chrBands) {
    const [chromosome = "", arm = "", name = "", , , start = "", end = ""] = text.split(" ");
    // Some files count a band's start from 0 or repeat the end before: a band begins after the one before it.
    const first = (lengths.get(chromosome) ?? 0) + 1;
    if (Math.abs(first - Number(start)) > 1)
      throw new Error(`Bands of ${path} do not adjoin at ${chromosome}:${start}`);
    bands.set(chromosome, [...(bands.get(chromosome) ?? []), [first, end, `${chromosome}${arm}${name}`].join("\t")]);
    lengths.set(chromosome, Number(end));
  }
  return { bands, lengths };
}

/** ClinVar's (likely) pathogenic variants with at least two submitters or an expert's review, in minimal form, per chromosome by position. */
function readVariants(): { rows: Map<string, string[]>; diseases: string[]; significances: string[] } {
  const keys = gunzipSync(source(VARIANT_KEYS, "keys of the ClinVar file")).toString("utf8");
  const list = (name: string): string[] => {
    const line = new RegExp(`^# ${name} = (.*)$`, "m").exec(keys)?.[1];
    if (line === undefined) throw new Error(`No list ${name} in ${VARIANT_KEYS}`);
    return JSON.parse(line) as string[]; // the shape is fixed by the pinned version
  };
  const found = new Map<string, { pos: number; line: string }[]>();
  for (const [
    chromosome = "",
    pos = "",
    id = "",
    ref = "",
    alt = "",
    diseases = "",
    ,
    ,
    significance = "",
    ,
    ,
    ,
    rs = "",
  ] of tsv(VARIANTS, "ClinVar 2024-12-15")) {
    const minimal = minimalAllele(Number(pos), ref.toUpperCase(), alt.toUpperCase());
    const line = [minimal.pos, minimal.ref, minimal.alt, id, rs, significance, diseases].join("\t");
    const rows = found.get(chromosome) ?? [];
    rows.push({ pos: minimal.pos, line });
    found.set(chromosome, rows);
  }
  const rows = new Map(
    [...found].map(([chromosome, list]) => [chromosome, list.sort((a, b) => a.pos - b.pos).map(({ line }) => line)]),
  );
  const diseases = list("disease_mondo_ids_and_names").map((text) => text.slice(text.indexOf("|") + 1));
  return { rows, diseases, significances: list("clinical_significances") };
}

function tsv(path: string, note: string): string[][] {
  return gunzipSync(source(path, note))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("\t"));
}

function source(path: string, note: string): Buffer {
  const bytes = readFileSync(join(ideogram.root, "dist", "data", path));
  sources.push({
    file: path,
    from: "npm package ideogram",
    version: ideogram.version,
    licence: "CC0-1.0",
    sha256: sha256(bytes),
    note,
  });
  return bytes;
}

function write(name: string, bytes: Buffer): void {
  writeFileSync(join(target, name), bytes);
  files[name] = { bytes: bytes.length, sha256: sha256(bytes) };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function findIdeogram(): { root: string; version: string } {
  let root = dirname(createRequire(import.meta.url).resolve("ideogram"));
  while (!existsSync(join(root, "package.json"))) root = dirname(root);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }; // npm writes the field
  return { root, version };
}
