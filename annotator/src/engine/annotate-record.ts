import type { RecordColumns } from "@elastic-gas/shared/vcf/record";
import type { Chromosome } from "../pack/chromosome.ts";
import type { ClinvarEntry } from "../pack/clinvar-track.ts";
import { GENE, INTERGENIC, REGIONS } from "../pack/gene-regions.ts";
import type { Holdings } from "../pack/pack.ts";
import { type Stretch, within } from "../pack/stretch.ts";
import type { Allele } from "../vcf/alleles.ts";
import type { InfoField } from "../vcf/header.ts";
import { encodeInfoValue } from "../vcf/info.ts";
import { matchClinvar, matchTrack } from "./match-alleles.ts";
import type { Mate, Places } from "./places.ts";

/** What the pack says of one record. Lists are in the order of the chromosome, respectively of the ALTs. */
export interface Annotation {
  readonly genes: readonly string[];
  /** Index into REGIONS for each gene; `INTERGENIC` alone without genes; empty when the pack has no genes here. */
  readonly regions: readonly number[];
  readonly band: string;
  /** Per ALT; empty when no ALT is in ClinVar. */
  readonly clinvar: readonly (ClinvarEntry | undefined)[];
  /** dbSNP number of each ALT without `rs`, empty for none; no elements when no ALT has one. */
  readonly rs: readonly string[];
  /** Per ALT, of all and by population; empty when no ALT has one. */
  readonly frequencies: readonly (readonly string[] | undefined)[];
  /** Names of the pack's intervals that the record touches. */
  readonly intervals: readonly string[];
}

export const INFO_FIELDS = {
  gene: {
    key: "GAS_GENE",
    number: ".",
    description:
      "Symbols of the genes that the record overlaps, in order of their position; then those at the other end of a breakend or translocation",
  },
  region: {
    key: "GAS_REGION",
    number: ".",
    description: `Part of each gene of GAS_GENE that the record touches, the first that applies of ${[...REGIONS].reverse().slice(0, -2).join(" ")}; GENE where a gene's parts are not known; INTERGENIC outside genes`,
  },
  band: {
    key: "GAS_BAND",
    number: "1",
    description: "Cytoband, or first and last band of a record that spans several",
  },
  clinvar: {
    key: "GAS_CLINVAR",
    number: "A",
    description: "ClinVar variant equal to each ALT: variation ID|classification|conditions joined by &; . for none",
  },
  review: {
    key: "GAS_CLINVAR_REVIEW",
    number: "A",
    description: "Review status of ClinVar's classification of each ALT; . for none",
  },
  rs: {
    key: "GAS_RS",
    number: "A",
    description: "dbSNP number of each ALT; . for none",
  },
  frequency: {
    key: "GAS_AF",
    number: "A",
    type: "Float",
    description: "Frequency of each ALT in the pack's populations together; . for none",
  },
  populations: {
    key: "GAS_AF_POP",
    number: "A",
    description: "Frequency of each ALT by population: name:frequency joined by |; . for none",
  },
  intervals: {
    key: "GAS_TRACK",
    number: ".",
    description: "Stretches of the pack's tracks that the record touches: track, or track:name",
  },
} as const satisfies Record<string, InfoField>;

/** The fields that an annotation with such a pack may have. */
export function infoFields(holds: Holdings | undefined): InfoField[] {
  const { gene, region, band, clinvar, review, rs, frequency, populations, intervals } = INFO_FIELDS;
  return [
    gene,
    region,
    band,
    clinvar,
    ...(holds?.review === true ? [review] : []),
    rs,
    ...(holds?.frequencies === true ? [frequency, populations] : []),
    ...(holds?.intervals === true ? [intervals] : []),
  ];
}

/** Looks a record up. The chromosome must hold the record's position. */
export function annotate(
  record: RecordColumns,
  alleles: readonly Allele[],
  {
    chromosome,
    places,
    chromosomeOf,
  }: {
    readonly chromosome: Chromosome;
    readonly places: Places;
    readonly chromosomeOf: (name: string) => Chromosome | null;
  },
): Annotation {
  const start = Math.max(1, record.pos);
  const end = Math.max(start, Math.min(places.end, chromosome.length ?? Number.POSITIVE_INFINITY));
  const clinvar = matchClinvar(record, alleles, chromosome);
  const numbers = matchTrack(record, alleles, { track: chromosome.rs, chromosome });
  const hasRs = numbers.length > 0 || clinvar.some((entry) => entry !== undefined && entry.rs !== "");
  return {
    ...annotatePlace(chromosome, { from: start, to: end }, mateOverlaps(places.mates, chromosomeOf)),
    clinvar,
    rs: hasRs ? alleles.map((_, index) => numbers[index]?.[0] ?? clinvar[index]?.rs ?? "") : [],
    frequencies: matchTrack(record, alleles, { track: chromosome.frequencies, chromosome }),
  };
}

/** Genes, regions, band and intervals of a stretch, with the genes of mates after its own. */
export function annotatePlace(
  chromosome: Chromosome,
  stretch: Stretch,
  mates: readonly GenePlace[] = [],
): Pick<Annotation, "genes" | "regions" | "band" | "intervals"> {
  const genes: string[] = [];
  const regions: number[] = [];
  const own = chromosome.genes === null ? [] : genePlaces(chromosome.genes, stretch);
  for (const { symbol, region } of [...own, ...mates]) {
    const seen = genes.indexOf(symbol);
    if (seen === -1) {
      genes.push(symbol);
      regions.push(region);
    } else regions[seen] = Math.max(regions[seen] ?? GENE, region);
  }
  if (genes.length === 0 && chromosome.genes !== null) regions.push(INTERGENIC);
  return {
    genes,
    regions,
    band: chromosome.bands?.name(stretch.from, stretch.to) ?? "",
    intervals: chromosome.intervals?.names(stretch.from, stretch.to) ?? [],
  };
}

/**
 * The positions around `pos` that have the same genes, regions, band and intervals, and no variant of ClinVar unless
 * `pos` itself has one.
 */
export function stretchOf({ genes, bands, clinvar, intervals }: Chromosome, pos: number): Stretch {
  return [genes, bands, clinvar, intervals].reduce<Stretch>(
    (stretch, track) => (track === null ? stretch : within(stretch, track.stretch(pos))),
    {
      from: 1,
      to: Number.POSITIVE_INFINITY,
    },
  );
}

/** The INFO text of an annotation, without consequences. */
export function infoText({ genes, regions, band, clinvar, rs, frequencies, intervals }: Annotation): string {
  let text = "";
  if (genes.length > 0) text = `;${INFO_FIELDS.gene.key}=${genes.map(encodeInfoValue).join(",")}`;
  if (regions.length > 0) text += `;${INFO_FIELDS.region.key}=${regions.map((region) => REGIONS[region]).join(",")}`;
  if (band !== "") text += `;${INFO_FIELDS.band.key}=${band}`;
  if (clinvar.length > 0) {
    text += `;${INFO_FIELDS.clinvar.key}=${clinvar.map(clinvarText).join(",")}`;
    if (clinvar.some((entry) => entry !== undefined && entry.review !== ""))
      text += `;${INFO_FIELDS.review.key}=${clinvar.map((entry) => encodeInfoValue(entry?.review ?? "") || ".").join(",")}`;
  }
  text += alleleText({ rs, frequencies });
  if (intervals.length > 0) text += `;${INFO_FIELDS.intervals.key}=${intervals.map(encodeInfoValue).join(",")}`;
  return text.slice(1);
}

/** What rs numbers and frequencies add to INFO, each after a semicolon. */
export function alleleText({ rs, frequencies }: Pick<Annotation, "rs" | "frequencies">): string {
  let text = "";
  if (rs.length > 0) text = `;${INFO_FIELDS.rs.key}=${joined(rs, (number) => (number === "" ? "." : `rs${number}`))}`;
  if (frequencies.length === 0) return text;
  text += `;${INFO_FIELDS.frequency.key}=${joined(frequencies, (values) => values?.[0] ?? ".")}`;
  if (frequencies.every((values) => (values?.[1] ?? "") === "")) return text;
  return `${text};${INFO_FIELDS.populations.key}=${joined(frequencies, (values) => values?.[1] || ".")}`;
}

/** The rs numbers of the record's ALTs, as an ID column; empty without any. */
export function rsNumbers(rs: readonly string[]): string {
  return [...new Set(rs)].flatMap((number) => (number === "" ? [] : [`rs${number}`])).join(";");
}

/** Texts with commas between them. Most records have one ALT. */
function joined<Value>(values: readonly Value[], text: (value: Value) => string): string {
  const [only] = values;
  return values.length === 1 && only !== undefined ? text(only) : values.map(text).join(",");
}

/** The record's region over all its genes, the most telling; undefined when the pack has no genes here. */
export function mainRegion({ regions }: Pick<Annotation, "regions">): (typeof REGIONS)[number] | undefined {
  return regions.length === 0 ? undefined : REGIONS[Math.max(...regions)];
}

interface GenePlace {
  readonly symbol: string;
  readonly region: number;
}

function genePlaces(genes: NonNullable<Chromosome["genes"]>, { from, to }: Stretch): GenePlace[] {
  return genes
    .overlapping(from, to)
    .map((index) => ({ symbol: genes.symbols[index] ?? "", region: genes.region(index, from, to) }));
}

function mateOverlaps(mates: readonly Mate[], chromosomeOf: (name: string) => Chromosome | null): GenePlace[] {
  return mates.flatMap(({ contig, pos }) => {
    const chromosome = chromosomeOf(contig);
    if (chromosome === null || chromosome.genes === null || pos > (chromosome.length ?? pos)) return [];
    return genePlaces(chromosome.genes, { from: pos, to: pos });
  });
}

function clinvarText(entry: ClinvarEntry | undefined): string {
  if (entry === undefined) return ".";
  const part = (text: string) => encodeInfoValue(text).replaceAll("&", "%26").replaceAll("|", "%7C");
  return [entry.variationId, part(entry.significance), entry.conditions.map(part).join("&")].join("|");
}
