/**
 * Version of each chromosome's RefSeq accession in GRCh38 (`NC_000001.11` ...); GRCh37 has one less, NCBI36 two less.
 * https://www.ncbi.nlm.nih.gov/datasets/genome/GCF_000001405.40/
 */
const GRCH38_VERSIONS: readonly number[] = [
  11, 12, 12, 12, 10, 12, 14, 11, 12, 11, 10, 12, 11, 9, 10, 10, 11, 10, 10, 11, 9, 11, 11, 10,
];
const BUILD_OF_AGE: readonly string[] = ["GRCh38", "GRCh37", "NCBI36"];

const NUMBERED: Readonly<Record<string, string>> = { "23": "X", "24": "Y", "25": "XY", "26": "MT", M: "MT", MT: "MT" };

/**
 * The one name under which packs know a contig: `chr1`, `Chr1`, `01`, `NC_000001.11` are `1`; `chrM`, `M`, `26` (PLINK), `NC_012920.1` are `MT`;
 * `chrUn_KI270742v1` and `chr1_KI270706v1_random` are `KI270742.1`, `KI270706.1`. Other names are returned as they are.
 */
export function canonicalContig(name: string): string {
  const accession = /^NC_0+(\d{1,2})\.\d+$/.exec(name)?.[1];
  if (accession !== undefined) {
    const number = Number(accession);
    if (number >= 1 && number <= 22) return String(number);
    if (number === 23) return "X";
    if (number === 24) return "Y";
  }
  if (/^NC_012920\.\d+$/.test(name)) return "MT";
  const scaffold = /^chr(?:Un|\w{1,2})_([A-Z]{2}\d+)v(\d+)(?:_(?:random|alt|fix))?$/i.exec(name);
  if (scaffold !== null) return `${scaffold[1]}.${scaffold[2]}`;
  const bare = name.replace(/^chr(?=.)/i, "");
  const upper = bare.toUpperCase();
  const known = NUMBERED[upper];
  if (known !== undefined) return known;
  if (/^0?[1-9]$|^1\d$|^2[0-2]$/.test(bare)) return String(Number(bare));
  if (upper === "X" || upper === "Y" || upper === "XY") return upper;
  return name;
}

/** The build that a RefSeq accession belongs to, undefined for other names. */
export function buildOfAccession(name: string): string | undefined {
  const match = /^NC_0+(\d{1,2})\.(\d+)$/.exec(name);
  const newest = GRCH38_VERSIONS[Number(match?.[1] ?? 0) - 1];
  return match === null || newest === undefined ? undefined : BUILD_OF_AGE[newest - Number(match[2])];
}

/** True for 1 to 22, X and Y: the contigs whose lengths tell the builds apart. */
export function isChromosome(canonical: string): boolean {
  return /^(?:[1-9]|1\d|2[0-2]|X|Y)$/.test(canonical);
}
