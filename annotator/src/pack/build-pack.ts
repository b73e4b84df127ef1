import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { minimalAllele } from "../vcf/alleles.ts";
import { decodeParts, encodeParts, flattenParts, GENE, type GenePart, INTRON, REGIONS } from "./gene-regions.ts";
import { type Anchor, type LiftBlock, liftBlocks, liftedStretches, shiftOf } from "./lift.ts";
import type { PackBuild, PackManifest } from "./manifest.ts";
import { certainParts, type Observed, possibleOffsets, type Structure, withGaps } from "./place-structure.ts";
import type { Stretch } from "./stretch.ts";

// Builds annotator/pack from the npm package ideogram; run by `npm run build-pack --workspace annotator` after an
// upgrade of that package.

interface Gene {
  /** Where the transcripts' zero lies, from the gene's first base; null or absent where it is not known to the base. */
  readonly offset?: number | null;
  readonly chromosome: string;
  readonly start: number;
  readonly end: number;
  readonly symbol: string;
  readonly id: string;
  readonly strand: string;
  readonly parts: string;
}

/** A gene's coding transcripts as the file has them. */
interface Transcripts extends Structure {
  readonly strand: string;
  /** First and last base of each transcript. */
  readonly starts: ReadonlySet<number>;
  readonly ends: ReadonlySet<number>;
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

/** How a page cites each file, and what comes from it; the others are not cited. */
const CITED: Readonly<Record<string, Pick<PackManifest["sources"][number], "name" | "release" | "kinds" | "builds">>> =
  {
    [STRUCTURES]: { name: "Ensembl transcripts", release: "110", kinds: ["genes"], builds: ["GRCh38", "GRCh37"] },
    [VARIANTS]: { name: "ClinVar", release: "2024-12-15", kinds: ["clinvar"], builds: ["GRCh38", "GRCh37"] },
    [GENES_38]: { name: "Ensembl genes", release: "110", kinds: ["genes"], builds: ["GRCh38"] },
    [GENES_37]: { name: "NCBI genes", release: "GRCh37", kinds: ["genes"], builds: ["GRCh37"] },
    [BAND_FILES.GRCh38]: { name: "Cytobands", release: "GRCh38", kinds: ["bands"], builds: ["GRCh38"] },
    [BAND_FILES.GRCh37]: { name: "Cytobands", release: "GRCh37, 850 bands", kinds: ["bands"], builds: ["GRCh37"] },
    [BAND_FILES.NCBI36]: { name: "Cytobands", release: "NCBI36, 850 bands", kinds: ["bands"], builds: ["NCBI36"] },
  };

const CODON_CHANGES: ReadonlySet<string> = new Set([
  "nonsense",
  "missense_variant",
  "synonymous_variant",
  "stop_lost",
  "initiator_codon_variant",
]);
const SPLICE_CHANGES: ReadonlySet<string> = new Set(["splice_acceptor_variant", "splice_donor_variant"]);

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
  const transcripts = readTranscripts();
  const { rows, variants, diseases, significances } = readVariants();
  const genes38 = placeStructures(readGenes38(), transcripts, variants);
  const bases37 = readGenes37();
  const blocks = findLiftBlocks(genes38, bases37, transcripts);
  const bySymbol = new Map<string, Gene[]>();
  for (const gene of genes38) listIn(bySymbol, gene.symbol).push(gene);
  const genes37 = bases37.map((gene) => liftParts(gene, bySymbol.get(gene.symbol) ?? [], blocks));
  const mitochondrial = genes38.filter((gene) => gene.chromosome === "MT");
  const lifted = liftVariants(rows, blocks);
  const coding = (genes: readonly Gene[]) => genes.filter((gene) => transcripts.has(gene.symbol));
  const shareOfCoding = (genes: readonly Gene[]) =>
    Math.round((coding(genes).filter((gene) => gene.parts !== "").length / coding(genes).length) * 1_000) / 10;
  console.log(
    `coding genes with known parts: ${shareOfCoding(genes38)} % of GRCh38, ${shareOfCoding(genes37)} % of GRCh37`,
  );

  write("clinvar-diseases.txt.gz", gzipSync(`${diseases.join("\n")}\n`, { level: 9 }));
  const held = `ClinVar of 2024-12-15, ${significances.join(", ")}, with two submitters that agree or an expert's review; not risk factors, benign, uncertain or conflicting ones, nor classes with a qualifier`;
  const count = (lines: ReadonlyMap<string, string[]>) =>
    [...lines.values()].reduce((sum, list) => sum + list.length, 0);
  const share = Math.floor((count(lifted) / count(rows)) * 100);
  const known = { diseases: "clinvar-diseases.txt.gz", significances };
  const builds: Record<string, PackBuild> = {
    GRCh38: build("GRCh38", { genes: genes38, clinvar: rows }, { ...known, clinvarHeld: held }),
    // The mitochondrion is the same sequence in both builds, so GRCh37 takes it from GRCh38.
    GRCh37: build(
      "GRCh37",
      { genes: [...genes37, ...mitochondrial], clinvar: lifted, clinvarStretches: stretchesOf(blocks) },
      { ...known, clinvarHeld: `${held}; ${share} % of those of GRCh38, whose place on GRCh37 is certain` },
    ),
    NCBI36: build("NCBI36", { genes: [], clinvar: new Map() }, {}),
  };
  return {
    format: 1,
    name: "human-genes-clinvar-2",
    description:
      "Human gene loci (Ensembl 110 on GRCh38; NCBI on GRCh37), parts of coding genes as far as they can be proven, cytobands, ClinVar (likely) pathogenic variants of 2024-12-15.",
    licence: "CC0-1.0 (ideogram); ClinVar and Ensembl data are free of restrictions",
    builtOn: new Date().toISOString().slice(0, 10),
    defaultBuild: "GRCh38",
    sources,
    files,
    builds,
  };
}

/**
 * The parts of GRCh38's genes. The file of transcripts does not tell where in the gene they begin; gene and transcripts
 * of the same length, and variants of ClinVar whose consequence is given, prove it, or narrow it so far that most parts
 * are certain.
 */
function placeStructures(
  genes: readonly Gene[],
  transcripts: ReadonlyMap<string, Transcripts>,
  variants: ReadonlyMap<string, readonly Variant[]>,
): Gene[] {
  const rows = new Map<string, number>();
  for (const { symbol } of genes) rows.set(symbol, (rows.get(symbol) ?? 0) + 1);
  const coding = genes.filter(({ symbol }) => transcripts.has(symbol)).sort((a, b) => a.start - b.start);
  return genes.map((gene) => {
    const structure = transcripts.get(gene.symbol);
    if (structure === undefined) return gene;
    const length = gene.end - gene.start + 1;
    const isWhole = structure.span.to - structure.span.from + 1 === length;
    // A symbol of two genes names the transcripts of either.
    if (!isWhole && rows.get(gene.symbol) !== 1) return { ...gene, strand: structure.strand };
    const observed = isWhole
      ? { coding: [], splice: [] }
      : observedIn(gene, variants.get(gene.chromosome) ?? [], coding);
    const offsets = possibleOffsets(structure, length, observed);
    if (offsets === null) return { ...gene, strand: structure.strand };
    const parts = certainParts(structure, offsets, length);
    return {
      ...gene,
      strand: structure.strand,
      parts: encodeParts(parts),
      offset: offsets.from === offsets.to ? offsets.from : null,
    };
  });
}

/** ClinVar's variants in the gene, where no other coding gene could be meant. */
function observedIn(gene: Gene, variants: readonly Variant[], coding: readonly Gene[]): Observed {
  const others = coding.filter(
    (other) =>
      other !== gene && other.chromosome === gene.chromosome && other.start <= gene.end && other.end >= gene.start,
  );
  const own = variants.filter(
    ({ pos }) =>
      pos >= gene.start && pos <= gene.end && !others.some((other) => pos >= other.start && pos <= other.end),
  );
  const of = (kind: Variant["kind"]) =>
    own.filter((variant) => variant.kind === kind).map(({ pos }) => pos - gene.start);
  return { coding: of("coding"), splice: of("splice") };
}

/**
 * Per chromosome, the stretches of GRCh38 that lie in GRCh37 as they are, by genes whose transcripts are where NCBI has
 * the gene.
 */
function findLiftBlocks(
  genes38: readonly Gene[],
  genes37: readonly Gene[],
  transcripts: ReadonlyMap<string, Transcripts>,
): Map<string, LiftBlock[]> {
  const once = (genes: readonly Gene[]) => {
    const bySymbol = new Map<string, Gene | null>();
    for (const gene of genes) bySymbol.set(gene.symbol, bySymbol.has(gene.symbol) ? null : gene);
    return bySymbol;
  };
  const of37 = once(genes37);
  const anchors = new Map<string, Anchor[]>();
  for (const [symbol, gene] of once(genes38)) {
    const other = of37.get(symbol);
    if (gene === null || !other || other.chromosome !== gene.chromosome) continue;
    const structure = transcripts.get(symbol);
    const zero = gene.start + (gene.offset ?? 0);
    const [starts, ends] =
      structure === undefined || gene.offset == null
        ? [[gene.start], [gene.end]]
        : [[...structure.starts].map((at) => zero + at), [...structure.ends].map((at) => zero + at)];
    const startShifts = new Set(starts.map((start) => other.start - start));
    const endShifts = new Set(ends.map((end) => other.end - end));
    const whole = [...startShifts].filter((shift) => endShifts.has(shift));
    listIn(anchors, gene.chromosome).push({
      from: gene.start,
      to: gene.end,
      shift: whole.length === 1 ? (whole[0] ?? null) : null,
      endShifts: new Set([...startShifts, ...endShifts]),
    });
  }
  return new Map([...anchors].map(([chromosome, list]) => [chromosome, liftBlocks(list)]));
}

/** A gene of GRCh37 with the parts that GRCh38 has, as far as the gene lies in both as it is. */
function liftParts(gene: Gene, same: readonly Gene[], blocks: ReadonlyMap<string, LiftBlock[]>): Gene {
  const [source] = same;
  if (same.length !== 1 || source?.chromosome !== gene.chromosome || source.parts === "") return gene;
  const held = (blocks.get(gene.chromosome) ?? []).filter(({ from, to }) => from <= source.end && to >= source.start);
  const [block] = held;
  if (block === undefined || held.some(({ shift }) => shift !== block.shift)) return gene;
  const [from, to] = [Math.min(...held.map((one) => one.from)), Math.max(...held.map((one) => one.to))];
  const length = gene.end - gene.start + 1;
  const moved: GenePart[] = [];
  for (const part of withIntrons(source)) {
    const start = Math.max(source.start + part.start, from) + block.shift - gene.start;
    const end = Math.min(source.start + part.end, to) + block.shift - gene.start;
    const [first, last] = [Math.max(0, start), Math.min(length - 1, end)];
    if (part.region !== GENE && first <= last) moved.push({ region: part.region, start: first, end: last });
  }
  return moved.length === 0 ? gene : { ...gene, strand: source.strand, parts: encodeParts(withGaps(moved, length)) };
}

/** All of a gene's bases, what lies between its parts as introns. */
function withIntrons({ parts, start: first, end: last }: Gene): GenePart[] {
  const decoded = decodeParts(parts) ?? [];
  const all: GenePart[] = [];
  let cursor = 0;
  for (let index = 0; index < decoded.length; index += 3) {
    const [region = 0, start = 0, end = 0] = decoded.slice(index, index + 3);
    if (start > cursor) all.push({ region: INTRON, start: cursor, end: start - 1 });
    all.push({ region, start, end });
    cursor = end + 1;
  }
  if (cursor <= last - first) all.push({ region: INTRON, start: cursor, end: last - first });
  return all;
}

function stretchesOf(blocks: ReadonlyMap<string, LiftBlock[]>): Map<string, readonly Stretch[]> {
  return new Map([...blocks].filter(([name]) => name !== "MT").map(([name, list]) => [name, liftedStretches(list)]));
}

/** ClinVar's rows on GRCh37: the mitochondrion as it is, the others where their stretch is. */
function liftVariants(
  rows: ReadonlyMap<string, string[]>,
  blocks: ReadonlyMap<string, LiftBlock[]>,
): Map<string, string[]> {
  const lifted = new Map<string, string[]>();
  for (const [chromosome, lines] of rows) {
    if (chromosome === "MT") {
      lifted.set(chromosome, lines);
      continue;
    }
    const moved = lines.flatMap((line) => {
      const [text = "", ref = "", ...rest] = line.split("\t");
      const pos = Number(text);
      const shift = shiftOf(blocks.get(chromosome) ?? [], { from: pos, to: pos + ref.length - 1 });
      return shift === null ? [] : [{ pos: pos + shift, line: [pos + shift, ref, ...rest].join("\t") }];
    });
    if (moved.length > 0)
      lifted.set(
        chromosome,
        moved.sort((a, b) => a.pos - b.pos).map(({ line }) => line),
      );
  }
  return lifted;
}

function build(
  name: keyof typeof BAND_FILES,
  data: {
    genes: readonly Gene[];
    clinvar: ReadonlyMap<string, string[]>;
    /** Where ClinVar is known, by chromosome; everywhere without an entry. */
    clinvarStretches?: ReadonlyMap<string, readonly Stretch[]>;
  },
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
  for (const [chromosome, stretches] of data.clinvarStretches ?? [])
    entry(chromosome).clinvarStretches = stretches.map(({ from, to }) => [from, to]);
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
function readGenes38(): Gene[] {
  return tsv(GENES_38, "Ensembl 110 genes").map(
    ([chromosome = "", start = "", length = "", slimId = "", symbol = ""]) => ({
      chromosome,
      start: Number(start),
      end: Number(start) + Number(length),
      symbol,
      id: `ENSG${slimId.padStart(11, "0")}`,
      strand: ".",
      parts: "",
    }),
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

/**
 * Per gene symbol its coding transcripts. Subparts: 0 = 5' UTR, 1 = exon, 2 = 3' UTR, offsets in the direction of the
 * chromosome, counted from one zero per gene.
 */
function readTranscripts(): Map<string, Transcripts> {
  const region = {
    exon: REGIONS.indexOf("EXON"),
    utr5: REGIONS.indexOf("UTR5"),
    utr3: REGIONS.indexOf("UTR3"),
    cds: REGIONS.indexOf("CDS"),
  };
  const found = new Map<
    string,
    { strand: string; parts: GenePart[]; splice: Set<number>; starts: Set<number>; ends: Set<number> }
  >();
  for (const [transcript = "", offset = "", biotype = "", strand = ".", ...features] of tsv(
    STRUCTURES,
    "Ensembl 110 coding transcripts",
  )) {
    const symbol = transcript.slice(0, transcript.lastIndexOf("-"));
    const gene = found.get(symbol) ?? { strand, parts: [], splice: new Set(), starts: new Set(), ends: new Set() };
    found.set(symbol, gene);
    const pieces = features
      .filter((text) => text !== "")
      .map((text) => {
        const [kind = 0, start = 0, length = 0] = text.split(";").map(Number);
        return { kind, start: Number(offset) + start, end: Number(offset) + start + length };
      });
    const exons = pieces.filter((piece) => piece.kind === 1).sort((a, b) => a.start - b.start);
    const utrs = pieces.filter((piece) => piece.kind !== 1);
    gene.starts.add(Math.min(...pieces.map((piece) => piece.start)));
    gene.ends.add(Math.max(...pieces.map((piece) => piece.end)));
    for (const [index, exon] of exons.entries()) {
      if (index > 0) gene.splice.add(exon.start - 1).add(exon.start - 2);
      if (index < exons.length - 1) gene.splice.add(exon.end + 1).add(exon.end + 2);
      gene.parts.push({ region: region.exon, start: exon.start, end: exon.end });
      // 1 and 2 are transcripts that the cell degrades (nonsense-mediated, non-stop): their exons are not counted as
      // coding.
      if (biotype === "1" || biotype === "2") continue;
      for (const coding of subtract(exon, utrs)) gene.parts.push({ region: region.cds, ...coding });
      for (const utr of utrs) {
        const start = Math.max(exon.start, utr.start);
        const end = Math.min(exon.end, utr.end);
        if (start <= end) gene.parts.push({ region: utr.kind === 0 ? region.utr5 : region.utr3, start, end });
      }
    }
  }
  return new Map(
    [...found].map(([symbol, { strand, parts, splice, starts, ends }]) => {
      const flat = flattenParts(parts);
      return [
        symbol,
        {
          strand,
          parts: flat,
          span: { from: Math.min(...starts), to: Math.max(...ends) },
          coding: flat.filter((part) => part.region === region.cds).map(({ start, end }) => ({ from: start, to: end })),
          spliceSites: [...splice].sort((a, b) => a - b),
          starts,
          ends,
        },
      ];
    }),
  );
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

/** A substitution of ClinVar that changes a codon, or is in a splice site. */
interface Variant {
  readonly pos: number;
  readonly kind: "coding" | "splice";
}

/**
 * ClinVar's (likely) pathogenic variants with at least two submitters or an expert's review, in minimal form, per
 * chromosome by position.
 */
function readVariants(): {
  rows: Map<string, string[]>;
  variants: Map<string, Variant[]>;
  diseases: string[];
  significances: string[];
} {
  const keys = gunzipSync(source(VARIANT_KEYS, "keys of the ClinVar file")).toString("utf8");
  const list = (name: string): string[] => {
    const line = new RegExp(`^# ${name} = (.*)$`, "m").exec(keys)?.[1];
    if (line === undefined) throw new Error(`No list ${name} in ${VARIANT_KEYS}`);
    return JSON.parse(line) as string[]; // the shape is fixed by the pinned version
  };
  const consequences = list("molecular_consequences").map((text) => text.slice(text.indexOf("|") + 1));
  const variants = new Map<string, Variant[]>();
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
    consequence = "",
    ,
    rs = "",
  ] of tsv(VARIANTS, "ClinVar 2024-12-15")) {
    const minimal = minimalAllele(Number(pos), ref.toUpperCase(), alt.toUpperCase());
    const line = [minimal.pos, minimal.ref, minimal.alt, id, rs, significance, diseases].join("\t");
    const rows = found.get(chromosome) ?? [];
    rows.push({ pos: minimal.pos, line });
    found.set(chromosome, rows);
    const kind = kindOf(consequence.split(",").map((index) => consequences[Number(index)] ?? ""));
    if (kind !== null && ref.length === 1 && alt.length === 1)
      listIn(variants, chromosome).push({ pos: Number(pos), kind });
  }
  const rows = new Map(
    [...found].map(([chromosome, list]) => [chromosome, list.sort((a, b) => a.pos - b.pos).map(({ line }) => line)]),
  );
  const diseases = list("disease_mondo_ids_and_names").map((text) => text.slice(text.indexOf("|") + 1));
  return { rows, variants, diseases, significances: list("clinical_significances") };
}

/** Null for what may be either, according to the transcript. */
function kindOf(consequences: readonly string[]): Variant["kind"] | null {
  if (consequences.every((name) => CODON_CHANGES.has(name))) return "coding";
  return consequences.some((name) => SPLICE_CHANGES.has(name)) && !consequences.some((name) => CODON_CHANGES.has(name))
    ? "splice"
    : null;
}

function listIn<Item>(lists: Map<string, Item[]>, key: string): Item[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
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
    ...(CITED[path] ?? { name: "", release: "", kinds: [] }),
    date: "",
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
