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
 * The one name under which packs know a contig: `chr1`, `Chr1`, `01`, `NC_000001.11` are `1`; `chrM`, `M`, `26`
 * (PLINK), `NC_012920.1`, `J01415.2` are `MT`; `chrUn_KI270742v1` and `chr1_KI270706v1_random` are `KI270742.1`,
 * `KI270706.1`. Other names are returned as they are.
 */
export function canonicalContig(name: string): string {
  const accession = /^NC_0+(\d{1,2})\.\d+$/.exec(name)?.[1];
  if (accession !== undefined) {
    const number = Number(accession);
    if (number >= 1 && number <= 22) return String(number);
    if (number === 23) return "X";
    if (number === 24) return "Y";
  }
  if (/^(?:NC_012920|J01415)\.\d+$/.test(name)) return "MT";
  const genbank = /^CM000(\d{3})\.[12]$/.exec(name)?.[1];
  if (genbank !== undefined) {
    const number = Number(genbank) - 662;
    if (number >= 1 && number <= 22) return String(number);
    if (number === 23) return "X";
    if (number === 24) return "Y";
  }
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

/** The genome that a RefSeq or GenBank accession of a chromosome belongs to, undefined for other names. */
export function genomeOfAccession(name: string): string | undefined {
  const genbank = /^CM0006(6[3-9]|7\d|8[0-6])\.([12])$/.exec(name);
  if (genbank !== null) return genbank[2] === "2" ? "GRCh38" : "GRCh37";
  if (/^CP0682(?:5[4-9]|6\d|7[0-7])\.\d+$|^CP086569\.\d+$/.test(name)) return "T2T-CHM13";
  const refseq = /^NC_(\d{6})\.(\d+)$/.exec(name);
  if (refseq === null) return undefined;
  const [number, version] = [Number(refseq[1]), Number(refseq[2])];
  const newest = GRCH38_VERSIONS[number - 1];
  if (newest !== undefined) return BUILD_OF_AGE[newest - version];
  if (number >= 60_925 && number <= 60_948) return "T2T-CHM13";
  if (number >= 67 && number <= 87) return "a mouse genome";
  return undefined;
}

/** True for 1 to 22, X and Y: the contigs whose lengths tell the builds apart. */
export function isChromosome(canonical: string): boolean {
  return /^(?:[1-9]|1\d|2[0-2]|X|Y)$/.test(canonical);
}
