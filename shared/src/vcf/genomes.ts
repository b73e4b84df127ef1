/**
 * A genome that a text names: `name` is that of a pack's build, or of a genome that our packs do not hold; `word` is
 * how the text has it.
 */
export interface NamedGenome {
  readonly name: string;
  readonly word: string;
}

/** Header lines whose subject is the genome itself; other lines may also name what was converted or compared. */
export const REFERENCE_LINE = /^##(?:(?:human|new|target)_?)?(?:reference|assembly|build|genome|ref)[\w-]*=/i;

/** Lines that define fields and samples, or tell what a file was converted from: they often name another genome. */
export const OTHER_SUBJECT_LINE = /^##(?:info|format|filter|alt|sample|pedigree|meta|originalfile|liftover\w*)=/i;

const [START, END, NO_DIGIT] = ["(?<![a-z0-9])", "(?![a-z0-9])", "(?!\\d)"];
const word = (...alternatives: readonly string[]) => `${START}(?:${alternatives.join("|")})${END}`;
/** `build 37`, but not that of dbSNP; `ncbi37`; a line or an attribute that says 37 and no more. */
const numbered = (build: number) =>
  `(?<!dbsnp[ _-]?)build[ _-]?${build}${END}|ncbi[ _-]?(?:build[ _-]?)?${build}${NO_DIGIT}|^(?:##(?:reference|assembly|build|genome|ref)[\\w-]*=)?"?${build}"?\\r?$`;

const ANOTHER = "another genome";

/** Names as reference files, command lines and GATK's bundles have them. */
const NAMES: readonly (readonly [string, string])[] = [
  [
    "GRCh38",
    `grc(?:h[ _-]?)?38${NO_DIGIT}|hg[ _-]?38${NO_DIGIT}|${START}hs38(?:d1|dh)?|assembly38${NO_DIGIT}|${word("b38")}|${numbered(38)}|GCF_000001405\\.(?:2[6-9]|[34]\\d)(?!\\d)|GCA_000001405\\.(?:1[5-9]|2\\d)(?!\\d)`,
  ],
  [
    "GRCh37",
    `grc(?:h[ _-]?)?37${NO_DIGIT}|hg[ _-]?19${NO_DIGIT}|${START}hs37(?:d5)?|assembly19${NO_DIGIT}|${word("b37")}|(?:g1k|1kg|1000g(?:enomes)?|human)[._-]?v?37${NO_DIGIT}|${START}v37[_-]decoy|human_?g1k|${numbered(37)}|GCF_000001405\\.(?:1[3-9]|2[0-5])(?!\\d)|GCA_000001405\\.(?:[1-9]|1[0-4])(?!\\d)`,
  ],
  [
    "NCBI36",
    `grch[ _-]?36${NO_DIGIT}|hg[ _-]?18${NO_DIGIT}|assembly18${NO_DIGIT}|${word("b36")}|human_b36|${numbered(36)}|GCF_000001405\\.12(?!\\d)`,
  ],
  ["NCBI35", `${numbered(35)}|${word("hg17", "b35")}`],
  ["NCBI34", `${numbered(34)}|${word("hg16", "b34")}`],
  ["T2T-CHM13", `chm13|${word("t2t", "hs1")}|GC[AF]_009914755`],
  ["GRCm39", `grcm39|${word("mm39")}`],
  ["GRCm38", `grcm38|${word("mm10")}`],
  ["a mouse genome", `ncbim3\\d|grcm37|mgscv3\\d|${word("mm[789]", "c57bl_6\\w*")}|mus[ _.]musculus`],
  ["a rat genome", `${word("rn[4-8]", "rnor_\\d[_.]0", "grcr8")}|mratbn7|rattus[ _]norvegicus`],
  ["a zebrafish genome", `${word("danrer\\d+", "grcz1\\d")}|danio[ _]rerio`],
  ["a fruit fly genome", `${word("dm[36]", "dmel")}|bdgp[56]|drosophila`],
  ["a nematode genome", `${word("ce(?:6|10|11)", "c_elegans")}|wbcel235|caenorhabditis`],
  ["a yeast genome", `saccer[123]|${word("r64-1-1", "s288c")}|saccharomyces|pombe`],
  ["a dog genome", `${word("canfam_?[3-6]", "ros_cfam_1[_.]0")}|uu_cfam|canis[ _](?:lupus|familiaris)`],
  ["a cow genome", `${word("bostau\\d+", "umd_?3[_.]1(?:[_.]1)?", "btau_\\d")}|ars-ucd|bos[ _](?:taurus|indicus)`],
  ["a pig genome", `${word("susscr\\d+")}|sscrofa1|sus[ _]scrofa`],
  ["a chicken genome", `${word("galgal\\d+")}|grcg[67]|ggalgal1|gallus[ _]gallus`],
  ["a chimpanzee genome", `${word("pantro\\d+", "panpan\\d+")}|pan_tro_|pan[ _](?:troglodytes|paniscus)`],
  ["a macaque genome", `${word("rhemac\\d+")}|mmul_|macaca`],
  ["a horse genome", `${word("equcab\\d+")}|equus[ _]caballus`],
  ["a cat genome", `${word("felcat\\d+", "fca126")}|felis[ _]catus`],
  ["a sheep genome", `${word("oviari\\d+", "oar_v[34][_.]\\d")}|oar_rambouillet|ars-ui_ramb|ovis[ _]aries`],
  ["a thale cress genome", `${word("tair\\d+")}|araport11|arabidopsis`],
  ["a rice genome", `irgsp|oryza[ _]sativa`],
  ["a malaria parasite genome", `pf3d7|pfalciparum|${word("pvp01")}|plasmodium`],
  ["a bacterial genome", `h37rv|nc_000962|al123456|mycobacterium|mg1655|nc_000913|u00096|escherichia|staphylococcus`],
  ["SARS-CoV-2", `nc_045512|mn908947|sars-cov-2|wuhcor1`],
  [
    ANOTHER,
    [
      word(
        "gorgor\\d+",
        "ponabe\\d+",
        "caljac\\d+",
        "orycun\\d+",
        "cavpor\\d+",
        "crigri\\d+",
        "melgal\\d+",
        "xentro\\d+",
      ),
      word("orylat\\d+", "agamp\\d", "aaegl\\d", "amel_hav\\S*", "chir_\\d", "ars1", "ssal_v\\S*", "icsasg_v\\d"),
      word("agpv\\d", "sl[34]\\.0", "morexv\\d", "msu7", "tgme49", "hxb2", "k03455", "nc_063383"),
      "capra[ _]hircus|bubalus|salmo[ _]salar|xenopus|anopheles|aedes|apis[ _]mellifera|zm-b73|b73_refgen|zea[ _]mays",
      "glycine[ _]max|wm82|iwgsc|triticum|hordeum|solanum|pn40024|vitis[ _]vinifera|sorghum|populus|medicago|brassica",
      "toxoplasma|leishmania|candida[ _]albicans|aspergillus|neurospora",
      // As Ensembl names its files: Ciona_intestinalis.KH.dna.toplevel.fa.
      `${START}(?!homo_)[a-z]{3,}_[a-z]{3,}\\.[\\w.-]+\\.dna(?:_[rs]m)?\\.`,
    ].join("|"),
  ],
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
  const general = found.some(({ name }) => name.startsWith("GRCm")) ? ["a mouse genome", ANOTHER] : [ANOTHER];
  return found.length === 1 ? found : found.filter(({ name }) => !general.includes(name));
}

/**
 * The genome that a text is a name of, and nothing else: `hg19`, `GRCh37.p13`, `b37` and `hs37d5` are GRCh37. Undefined
 * for other texts.
 */
export function genomeCalled(text: string): string | undefined {
  const name = text.trim().replace(/\.p\d+$/i, "");
  const [found, ...others] = genomesNamed(name);
  return others.length === 0 && found?.word === name ? found.name : undefined;
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
