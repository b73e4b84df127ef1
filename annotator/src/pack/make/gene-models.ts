import { encodeParts, flattenParts, type GenePart, REGIONS } from "../gene-regions.ts";
import { REPEATED } from "../repeated-name.ts";

export interface Feature {
  readonly seqid: string;
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly strand: "+" | "-";
  readonly phase: string;
  readonly attributes: ReadonlyMap<string, string>;
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly phase: string;
}

interface Transcript {
  readonly name: string;
  readonly biotype: string;
  readonly start: number;
  readonly end: number;
  readonly exons: Piece[];
  readonly coding: Piece[];
}

interface Gene {
  readonly symbol: string;
  readonly id: string;
  readonly biotype: string;
  readonly start: number;
  readonly end: number;
  readonly strand: "+" | "-";
  readonly transcripts: Transcript[];
}

const EXON = REGIONS.indexOf("EXON");
const UTR3 = REGIONS.indexOf("UTR3");
const UTR5 = REGIONS.indexOf("UTR5");
const CDS = REGIONS.indexOf("CDS");
const GENE_TYPES: ReadonlySet<string> = new Set(["gene", "ncRNA_gene", "pseudogene"]);
/** Types whose parent is not a transcript's gene, although they have one. */
const PARTS: ReadonlySet<string> = new Set([
  "exon",
  "CDS",
  "five_prime_UTR",
  "three_prime_UTR",
  "start_codon",
  "stop_codon",
  "stop_codon_redefined_as_selenocysteine",
]);

/** How often a name of a transcript has occurred in the file. */
export type NameCounts = Map<string, number>;

/**
 * The genes of one chromosome, collected feature by feature; parents come before their children, as in the files of
 * RefSeq, Ensembl and GENCODE.
 */
export class GeneModels {
  readonly #contig: string;
  readonly #names: NameCounts;
  readonly #genes = new Map<string, Gene>();
  readonly #transcripts = new Map<string, Transcript>();
  readonly #geneOf = new Map<string, Gene>();

  /** `names`: one for all chromosomes of a file. */
  constructor(contig: string, names: NameCounts) {
    this.#contig = contig;
    this.#names = names;
  }

  get transcripts(): number {
    return this.#transcripts.size;
  }

  /** Transcripts that `gff3` leaves out. */
  get notCallable(): number {
    return [...this.#genes.values()].reduce(
      (sum, { transcripts, strand }) => sum + transcripts.filter((each) => !isCallable(each, strand)).length,
      0,
    );
  }

  add(feature: Feature): void {
    const { type, attributes } = feature;
    const [id, parents] = [attributes.get("ID"), attributes.get("Parent")];
    if (parents === undefined) {
      if (id !== undefined && GENE_TYPES.has(type)) this.#addGene(id, feature);
      return;
    }
    for (const parent of parents.split(",")) {
      if (type === "exon" || type === "CDS") this.#addPiece(parent, feature);
      else if (id !== undefined && !PARTS.has(type)) this.#addTranscript(id, parent, feature);
    }
  }

  /** Rows of the pack's gene track. */
  geneRows(): string[] {
    return [...this.#genes.values()]
      .sort((a, b) => a.start - b.start || a.end - b.end || (a.symbol < b.symbol ? -1 : 1))
      .map((gene) => {
        const parts = gene.transcripts.flatMap((transcript) => partsOf(transcript, gene));
        return [gene.start, gene.end, gene.symbol, gene.id, gene.strand, encodeParts(flattenParts(parts))].join("\t");
      });
  }

  /**
   * The genes as `bcftools csq` takes them: Ensembl's form, whatever the source's. One transcript that it does not
   * take, or two of a name, would end it for all of them: such transcripts are left out, and the later ones of a name
   * are numbered.
   */
  gff3(): string {
    let text = "";
    const line = (type: string, { start, end }: { start: number; end: number }, rest: readonly string[]) => {
      text += `${[this.#contig, "pack", type, start, end, ".", ...rest].join("\t")}\n`;
    };
    for (const [number, gene] of [...this.#genes.values()].entries()) {
      const transcripts = gene.transcripts.filter((each) => isCallable(each, gene.strand));
      if (transcripts.length === 0) continue;
      const id = `gene:${this.#contig}.${number}`;
      line("gene", gene, [gene.strand, ".", `ID=${id};Name=${gene.symbol};biotype=${gene.biotype};gene_id=${gene.id}`]);
      for (const transcript of transcripts) {
        const name = this.#unique(transcript.name);
        const parent = `Parent=transcript:${name}`;
        line("mRNA", transcript, [
          gene.strand,
          ".",
          `ID=transcript:${name};Parent=${id};biotype=${transcript.biotype}`,
        ]);
        for (const exon of transcript.exons) line("exon", exon, [gene.strand, ".", parent]);
        for (const cds of transcript.coding) line("CDS", cds, [gene.strand, cds.phase, parent]);
        for (const { region, ...place } of untranslated(transcript, gene.strand))
          line(region === UTR5 ? "five_prime_UTR" : "three_prime_UTR", place, [gene.strand, ".", parent]);
      }
    }
    return text;
  }

  #unique(name: string): string {
    const times = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, times);
    return times === 1 ? name : `${name}${REPEATED}${times}`;
  }

  #addGene(id: string, { attributes, start, end, strand }: Feature): void {
    const own = attributes.get("gene_id") ?? /(?:^|,)GeneID:(\d+)/.exec(attributes.get("Dbxref") ?? "")?.[1] ?? id;
    this.#genes.set(id, {
      symbol: attributes.get("gene") ?? attributes.get("gene_name") ?? attributes.get("Name") ?? ofBothSexes(own),
      id: ofBothSexes(own),
      biotype: attributes.get("biotype") ?? attributes.get("gene_biotype") ?? attributes.get("gene_type") ?? "unknown",
      start,
      end,
      strand,
      transcripts: [],
    });
  }

  #addTranscript(id: string, parent: string, { attributes, start, end, type }: Feature): void {
    const gene = this.#genes.get(parent) ?? this.#geneOf.get(parent);
    if (gene === undefined) return;
    const version = attributes.get("version");
    const own = attributes.get("transcript_id") ?? attributes.get("Name") ?? id.replace(/^(?:transcript:|rna-)/, "");
    this.#put(id, gene, {
      name: ofBothSexes(version === undefined ? own : `${own}.${version}`),
      biotype:
        attributes.get("biotype") ??
        attributes.get("transcript_type") ??
        (type === "mRNA" ? "protein_coding" : gene.biotype),
      start,
      end,
    });
  }

  /**
   * RefSeq gives exons and coding parts of some genes, such as the mitochondrion's, without a transcript: the gene
   * stands for it.
   */
  #addPiece(parent: string, { type, start, end, phase }: Feature): void {
    const gene = this.#genes.get(parent);
    const transcript =
      this.#transcripts.get(parent) ??
      (gene === undefined
        ? undefined
        : this.#put(parent, gene, { name: gene.symbol, biotype: gene.biotype, start: gene.start, end: gene.end }));
    transcript?.[type === "CDS" ? "coding" : "exons"].push({ start, end, phase });
  }

  #put(id: string, gene: Gene, facts: Pick<Transcript, "name" | "biotype" | "start" | "end">): Transcript {
    const transcript: Transcript = { ...facts, exons: [], coding: [] };
    this.#transcripts.set(id, transcript);
    this.#geneOf.set(id, gene);
    gene.transcripts.push(transcript);
    return transcript;
  }
}

/**
 * GENCODE's ids of the Y chromosome's pseudoautosomal genes as those of X, by which all databases know them:
 * ENST00000399012.6_PAR_Y, until release 24 ENSTR0000399012.6.
 */
function ofBothSexes(id: string): string {
  return id.replace(/_PAR_Y$/, "").replace(/^(ENS[GT])R(?=\d{10}(?:\.|$))/, (_, start: string) => `${start}0`);
}

/**
 * Whether `bcftools csq` takes the coding parts: none overlaps another, and each begins in the phase in which the one
 * before ends. Those of genes whose ribosomes slip may do neither.
 */
function isCallable({ coding }: Transcript, strand: string): boolean {
  const parts = coding.toSorted((a, b) => (strand === "-" ? b.end - a.end : a.start - b.start));
  let bases = 0;
  let before: Piece | null = null;
  for (const part of parts) {
    const { start, end } = part;
    const phase = Number(part.phase);
    if (before === null) bases = -phase;
    else if ((start <= before.end && end >= before.start) || (3 - phase) % 3 !== bases % 3) return false;
    bases += end - start + 1;
    if (bases < 0) return false;
    before = part;
  }
  return true;
}

/** Parts of a transcript as offsets from its gene's first base. */
function partsOf(transcript: Transcript, gene: Gene): GenePart[] {
  const offset = ({ start, end }: { start: number; end: number }, region: number): GenePart => ({
    region,
    start: start - gene.start,
    end: end - gene.start,
  });
  const { coding, exons } = transcript;
  if (coding.length === 0) return exons.map((exon) => offset(exon, EXON));
  return [
    ...coding.map((cds) => offset(cds, CDS)),
    ...untranslated(transcript, gene.strand).map(({ region, ...place }) => offset(place, region)),
  ];
}

/** What of a coding transcript's exons lies outside its coding parts. */
function untranslated({ exons, coding }: Transcript, strand: string): { region: number; start: number; end: number }[] {
  if (coding.length === 0) return [];
  const first = Math.min(...coding.map(({ start }) => start));
  const last = Math.max(...coding.map(({ end }) => end));
  const [before, after] = strand === "-" ? [UTR3, UTR5] : [UTR5, UTR3];
  return exons.flatMap(({ start, end }) => [
    ...(start < first ? [{ region: before, start, end: Math.min(end, first - 1) }] : []),
    ...(end > last ? [{ region: after, start: Math.max(start, last + 1), end }] : []),
  ]);
}
