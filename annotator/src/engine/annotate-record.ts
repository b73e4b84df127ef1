import { GENE, INTERGENIC, REGIONS } from "../pack/gene-regions.ts";
import type { BuildData, Chromosome } from "../pack/pack.ts";
import type { ClinvarEntry } from "../pack/tracks.ts";
import type { Allele } from "../vcf/alleles.ts";
import type { InfoField } from "../vcf/header.ts";
import { encodeInfoValue } from "../vcf/info.ts";
import { lastBase, type RecordColumns } from "../vcf/record.ts";

/** What the pack says of one record. Lists are in the order of the chromosome, respectively of the ALTs. */
export interface Annotation {
  readonly genes: readonly string[];
  /** Index into REGIONS for each gene; `INTERGENIC` alone without genes; empty when the pack has no genes here. */
  readonly regions: readonly number[];
  readonly band: string;
  /** Per ALT; empty when no ALT is in ClinVar. */
  readonly clinvar: readonly (ClinvarEntry | undefined)[];
}

export const INFO_FIELDS = {
  gene: {
    key: "GAS_GENE",
    number: ".",
    description: "Symbols of the genes that the record overlaps, in order of their position",
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
    description:
      "ClinVar (likely) pathogenic variant equal to each ALT: variation ID|significance|conditions joined by &; . for none",
  },
} as const satisfies Record<string, InfoField>;

/** Looks a record up. The chromosome must hold the record's position. */
export function annotate(record: RecordColumns, alleles: readonly Allele[], chromosome: Chromosome): Annotation {
  const start = Math.max(1, record.pos);
  const end = Math.max(start, Math.min(lastBase(record, alleles), chromosome.length ?? Number.POSITIVE_INFINITY));
  const genes: string[] = [];
  const regions: number[] = [];
  if (chromosome.genes !== null) {
    for (const index of chromosome.genes.overlapping(start, end)) {
      const symbol = chromosome.genes.symbols[index] ?? "";
      const region = chromosome.genes.region(index, start, end);
      const seen = genes.indexOf(symbol);
      if (seen === -1) {
        genes.push(symbol);
        regions.push(region);
      } else regions[seen] = Math.max(regions[seen] ?? GENE, region);
    }
    if (genes.length === 0) regions.push(INTERGENIC);
  }
  return { genes, regions, band: chromosome.bands?.name(start, end) ?? "", clinvar: matchClinvar(alleles, chromosome) };
}

/** The INFO text of an annotation, without consequences. */
export function infoText(annotation: Annotation, build: BuildData): string {
  const { genes, regions, band, clinvar } = annotation;
  let text = "";
  if (genes.length > 0) text = `${INFO_FIELDS.gene.key}=${genes.map(encodeInfoValue).join(",")};`;
  if (regions.length > 0) text += `${INFO_FIELDS.region.key}=${regions.map((region) => REGIONS[region]).join(",")};`;
  if (band !== "") text += `${INFO_FIELDS.band.key}=${band};`;
  if (clinvar.length > 0)
    text += `${INFO_FIELDS.clinvar.key}=${clinvar.map((entry) => clinvarText(entry, build)).join(",")};`;
  return text.slice(0, -1);
}

/** The rs numbers that ClinVar gives for the record's ALTs, as an ID column; empty without any. */
export function rsNumbers({ clinvar }: Annotation): string {
  const numbers = clinvar.flatMap((entry) => (entry === undefined || entry.rs === "" ? [] : [`rs${entry.rs}`]));
  return numbers.length < 2 ? (numbers[0] ?? "") : [...new Set(numbers)].join(";");
}

/** The record's region over all its genes, the most telling; undefined when the pack has no genes here. */
export function mainRegion({ regions }: Annotation): (typeof REGIONS)[number] | undefined {
  return regions.length === 0 ? undefined : REGIONS[Math.max(...regions)];
}

function clinvarText(entry: ClinvarEntry | undefined, build: BuildData): string {
  if (entry === undefined) return ".";
  const conditions = entry.diseases.map((index) =>
    encodeInfoValue(build.disease(index)).replaceAll("&", "%26").replaceAll("|", "%7C"),
  );
  return [entry.variationId, encodeInfoValue(build.significance(entry.significance)), conditions.join("&")].join("|");
}

const NONE: readonly undefined[] = [];

function matchClinvar(alleles: readonly Allele[], { clinvar }: Chromosome): readonly (ClinvarEntry | undefined)[] {
  if (clinvar === null) return NONE;
  let found: (ClinvarEntry | undefined)[] | undefined;
  for (const [index, { minimal }] of alleles.entries()) {
    const entry = minimal === null ? undefined : clinvar.find(minimal.pos, minimal.ref, minimal.alt);
    if (entry === undefined) continue;
    found ??= alleles.map(() => undefined);
    found[index] = entry;
  }
  return found ?? NONE;
}
