/**
 * A genome that a text names: `name` is that of a pack's build, or of a genome that our packs do not hold; `word` is
 * how the text has it.
 */
export interface NamedGenome {
  readonly name: string;
  readonly word: string;
}

const [START, END] = ["(?<![a-z0-9])", "(?![a-z0-9])"];
const word = (...alternatives: readonly string[]) => `${START}(?:${alternatives.join("|")})${END}`;

/** Names as reference files, command lines and GATK's bundles have them. */
const NAMES: readonly (readonly [string, string])[] = [
  [
    "GRCh38",
    `grch38|hg38|hs38|assembly38|build[ _-]?38${END}|${word("b38")}|GCF_000001405\\.(?:2[6-9]|[34]\\d)(?!\\d)|GCA_000001405\\.(?:1[5-9]|2\\d)(?!\\d)`,
  ],
  [
    "GRCh37",
    `grch37|hg19|hs37|assembly19|build[ _-]?37${END}|${word("b37")}|g1k_?v37|human_?g1k|GCF_000001405\\.(?:1[3-9]|2[0-5])(?!\\d)|GCA_000001405\\.(?:[1-9]|1[0-4])(?!\\d)`,
  ],
  [
    "NCBI36",
    `ncbi[ _-]?(?:build)?36|hg18|assembly18|build[ _-]?36${END}|${START}b36${END}|human_b36|GCF_000001405\\.12(?!\\d)`,
  ],
  ["NCBI35", `ncbi[ _-]?35|${word("hg17")}`],
  ["T2T-CHM13", `chm13|${word("t2t", "hs1")}|GC[AF]_009914755`],
  ["GRCm39", `grcm39|${word("mm39")}`],
  ["GRCm38", `grcm38|${word("mm10")}`],
  ["a mouse genome", `ncbim37|${word("mm[789]")}|mus[ _]musculus`],
  ["a rat genome", `${word("rn[4-8]", "rnor_6[_.]0")}|mratbn7|rattus[ _]norvegicus`],
  ["a zebrafish genome", `${word("danrer\\d+", "grcz1\\d")}|danio[ _]rerio`],
  ["a fruit fly genome", `${word("dm[36]")}|bdgp[56]|drosophila[ _]melanogaster`],
  ["a nematode genome", `${word("ce(?:6|10|11)")}|wbcel235|caenorhabditis`],
  ["a yeast genome", `saccer[123]|${word("r64-1-1")}|saccharomyces`],
  ["a dog genome", `${word("canfam[3-6]", "ros_cfam_1[_.]0")}|canis[ _](?:lupus|familiaris)`],
  ["a cow genome", `${word("bostau\\d+", "umd3[_.]1", "umd_3[_.]1(?:[_.]1)?")}|ars-ucd1|bos[ _]taurus`],
  ["a pig genome", `${word("susscr\\d+")}|sscrofa1|sus[ _]scrofa`],
  ["a chicken genome", `${word("galgal\\d+")}|gallus[ _]gallus`],
  ["a chimpanzee genome", `${word("pantro\\d+")}|pan[ _]troglodytes`],
  ["a macaque genome", `${word("rhemac\\d+")}|mmul_|macaca`],
  ["a horse genome", `${word("equcab\\d+")}|equus[ _]caballus`],
  ["a cat genome", `${word("felcat\\d+")}|felis[ _]catus`],
  ["a sheep genome", `${word("oviari\\d+", "oar_v[34][_.]\\d")}|ovis[ _]aries`],
  ["a thale cress genome", `${word("tair\\d+")}|arabidopsis`],
  ["a rice genome", `irgsp|oryza[ _]sativa`],
  ["a malaria parasite genome", `pf3d7|plasmodium`],
  ["SARS-CoV-2", `nc_045512|mn908947|sars-cov-2`],
];

const PATTERNS = NAMES.map(([name, source]) => ({ name, pattern: new RegExp(source, "i") }));
const ANY = new RegExp(NAMES.map(([, source]) => source).join("|"), "i");

/** Every genome that a text names, each once. */
export function genomesNamed(text: string): NamedGenome[] {
  // Most lines name none, and a header may have 100,000.
  if (!ANY.test(text)) return [];
  const found = PATTERNS.flatMap(({ name, pattern }) => {
    const match = pattern.exec(text);
    return match === null ? [] : [{ name, word: match[0] }];
  });
  // "Mus_musculus.GRCm39" names one genome.
  return found.some(({ name }) => name.startsWith("GRCm"))
    ? found.filter(({ name }) => name !== "a mouse genome")
    : found;
}

/**
 * Lengths of T2T-CHM13v2.0 (GCF_009914755.1) and of other genomes' chromosome 1: enough to name what a header's contigs
 * belong to.
 */
export const CHROMOSOME_LENGTHS_T2T: Readonly<Record<string, number>> = {
  "1": 248_387_328,
  "2": 242_696_752,
  "3": 201_105_948,
  "4": 193_574_945,
  "5": 182_045_439,
  "6": 172_126_628,
  "7": 160_567_428,
  "8": 146_259_331,
  "9": 150_617_247,
  "10": 134_758_134,
  "11": 135_127_769,
  "12": 133_324_548,
  "13": 113_566_686,
  "14": 101_161_492,
  "15": 99_753_195,
  "16": 96_330_374,
  "17": 84_276_897,
  "18": 80_542_538,
  "19": 61_707_364,
  "20": 66_210_255,
  "21": 45_090_682,
  "22": 51_324_926,
  X: 154_259_566,
  Y: 62_460_029,
};
const CHROMOSOME_1: ReadonlyMap<number, string> = new Map([
  [195_154_279, "GRCm39"],
  [195_471_971, "GRCm38"],
  [197_195_432, "a mouse genome"],
  [282_763_074, "a rat genome"],
  [260_522_016, "a rat genome"],
  [59_578_282, "a zebrafish genome"],
  [122_678_785, "a dog genome"],
  [158_534_110, "a cow genome"],
  [274_330_532, "a pig genome"],
  [224_244_399, "a chimpanzee genome"],
]);

/** The genome, not of our packs, that has a chromosome of exactly this length. */
export function genomeOfLength(chromosome: string, length: number): string | undefined {
  if (CHROMOSOME_LENGTHS_T2T[chromosome] === length) return "T2T-CHM13";
  return chromosome === "1" ? CHROMOSOME_1.get(length) : undefined;
}
