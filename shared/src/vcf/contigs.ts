import { genomeCalled } from "./genomes.ts";

/**
 * Version of each chromosome's RefSeq accession in GRCh38 (`NC_000001.11` ...); GRCh37 has one less, NCBI36 two less.
 * https://www.ncbi.nlm.nih.gov/datasets/genome/GCF_000001405.40/
 */
const GRCH38_VERSIONS: readonly number[] = [
  11, 12, 12, 12, 10, 12, 14, 11, 12, 11, 10, 12, 11, 9, 10, 10, 11, 10, 10, 11, 9, 11, 11, 10,
];
const BUILD_OF_AGE: readonly string[] = ["GRCh38", "GRCh37", "NCBI36"];

const CHROMOSOMES: readonly string[] = [...Array.from({ length: 22 }, (_, index) => String(index + 1)), "X", "Y"];

/** PLINK's numbers and names; the pseudoautosomal regions have the positions of X. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "23": "X",
  "24": "Y",
  "25": "X",
  XY: "X",
  PAR1: "X",
  PAR2: "X",
  "26": "MT",
  M: "MT",
};

/** Chromosomes that no human has: arms, Roman numerals, those of birds, and numbers beyond PLINK's. */
const FOREIGN = /^(?:chr(?:omosome)?_?)?(?:[23][LR]|[WZ]|2[7-9]|[3-9]\d|I{1,3}|I[VX]|VI{0,3}|XI{1,3}|XI?V|XVI)$/;

/** What the name of a contig stands for; each undefined where the name does not tell. */
interface Named {
  readonly chromosome?: string | undefined;
  /** The genome that alone has a sequence of this name. */
  readonly genome?: string | undefined;
}

/**
 * The one name under which packs know a contig: `chr1`, `chromosome_1`, `hs1`, `01`, `NC_000001.11`, `NC_000001`,
 * `gi|224589800|ref|NC_000001.10|`, `CM000663.2` and `GRCh38#0#chr1` are `1`; `chrM`, `M`, `26` (PLINK), `NC_012920.1`,
 * `J01415.2` are `MT`; `chrUn_KI270742v1` and `chr1_KI270706v1_random` are `KI270742.1`, `KI270706.1`. Other names are
 * returned as they are.
 */
export function canonicalContig(name: string): string {
  const { chromosome } = ofSequence(name);
  if (chromosome !== undefined) return chromosome;
  const scaffold = /^chr(?:Un|\w{1,2})_([A-Z]{2}\d+)v(\d+)(?:_(?:random|alt|fix))?$/i.exec(name);
  if (scaffold !== null) return `${scaffold[1]}.${scaffold[2]}`;
  const bare = name
    .replace(/^(?:chromosome|chrom|chr|hsa?)[ _.-]?(?=.)/i, "")
    .toUpperCase()
    .replace(/^0(?=[1-9]$)/, "");
  if (CHROMOSOMES.includes(bare) || bare === "MT") return bare;
  return OTHER_NAMES[bare] ?? name;
}

/**
 * The genome that alone has a contig of this name, by RefSeq's or GenBank's accession or the genome's own name;
 * `another genome` for a chromosome that no human has.
 */
export function genomeOfContig(name: string): string | undefined {
  return FOREIGN.test(name) ? "another genome" : ofSequence(name).genome;
}

/** What accessions, alone or as a FASTA of NCBI has them, and the names of pangenomes stand for. */
function ofSequence(name: string): Named {
  const [, genomeName = "", contig = ""] = /^([\w.]+)#(?:\d+#)?([^#]+)$/.exec(name) ?? [];
  const genome = genomeCalled(genomeName);
  if (genome !== undefined)
    return { genome, chromosome: /^(?:GRCh|NCBI|T2T)/.test(genome) ? canonicalContig(contig) : undefined };
  const accession = /(?:^|\|)(?:ref|gb|emb|dbj)\|([^|]+)/i.exec(name)?.[1] ?? name;
  if (/^J01415(?:\.\d+)?$/i.test(accession)) return { chromosome: "MT" };
  const [, series = "", digits, versionDigits] = /^(NC_|CM|CP)(\d{6})(?:\.(\d+))?$/i.exec(accession) ?? [];
  const number = Number(digits);
  const version = versionDigits === undefined ? undefined : Number(versionDigits);
  switch (series.toUpperCase()) {
    case "NC_":
      return ofRefseq(number, version);
    case "CM":
      return ofGenbank(number, version);
    case "CP":
      if (number === 86_569) return { chromosome: "Y", genome: "T2T-CHM13" };
      // The last two are X, and a mitochondrion of its own.
      return number < 68_254 || number > 68_277
        ? {}
        : { chromosome: CHROMOSOMES.slice(0, 23)[68_277 - number], genome: "T2T-CHM13" };
    default:
      return {};
  }
}

function ofGenbank(number: number, version: number | undefined): Named {
  if (number >= 994 && number <= 1_014) return { genome: "a mouse genome" };
  const chromosome = CHROMOSOMES[number - 663];
  if (chromosome === undefined || version === undefined) return { chromosome };
  return { chromosome, genome: ["GRCh37", "GRCh38"][version - 1] };
}

function ofRefseq(number: number, version: number | undefined): Named {
  const newest = GRCH38_VERSIONS[number - 1];
  if (newest !== undefined)
    return {
      chromosome: CHROMOSOMES[number - 1],
      genome: version === undefined ? undefined : BUILD_OF_AGE[newest - version],
    };
  // The second is the mitochondrion of UCSC's hg18 and hg19, another sequence.
  if (number === 12_920 || number === 1_807) return { chromosome: "MT" };
  if (number >= 60_925 && number <= 60_948) return { chromosome: CHROMOSOMES[number - 60_925], genome: "T2T-CHM13" };
  return number >= 67 && number <= 87 ? { genome: "a mouse genome" } : {};
}

/** True for 1 to 22, X and Y: the contigs whose lengths tell the builds apart. */
export function isChromosome(canonical: string): boolean {
  return /^(?:[1-9]|1\d|2[0-2]|X|Y)$/.test(canonical);
}
