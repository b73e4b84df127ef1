import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure, Measurement, MeasureOptions } from "../figures/measurement.ts";
import { generator } from "./random.ts";
import { best, bestOfEngine, type EngineTimes, megabytes, type Times, timesText } from "./timing.ts";

const CHROMOSOME = "21";
const LENGTH = 46_709_983; // of GRCh38
const GENES = 800;
const EXONS = 10;
const BASES = "ACGT";

/** Packs of a million records in each format, and a million records annotated with them. */
export const consequences: Measurement = {
  name: "consequences",
  about: "consequences, rs numbers and frequencies with a made pack, beside bcftools csq alone",
  minutes: 6,
  async measure(options) {
    const folder = mkdtempSync(join(tmpdir(), "consequences-"));
    try {
      return { figures: await measureConsequences(folder, options) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function measureConsequences(folder: string, { quick, say }: MeasureOptions): Promise<readonly Figure[]> {
  const records = quick ? 20_000 : 1_000_000;
  const runs = quick ? 1 : 3;
  const path = (name: string) => join(folder, name);
  await writeSources(path, records);
  const sources = {
    rs: ["--dbsnp", path("dbsnp.vcf")],
    frequencies: ["--frequencies", path("gnomad.vcf")],
    reference: ["--fasta", path("reference.fa"), "--gff", path("genes.gff3")],
  };
  const make = (what: string, out: string, of: readonly string[]) => say(makePack(what, path(out), of));
  make("dbSNP", "pack-rs", sources.rs);
  make("frequencies", "pack-frequencies", sources.frequencies);
  make("sequence and genes", "pack", sources.reference);
  make("all", "pack-all", Object.values(sources).flat());

  const [fasta, gff3] = [path("pack/grch38-reference.fa"), path("pack/grch38-transcripts.gff3")];
  const csq = best(["bcftools", "csq", "-l", "-f", fasta, "-g", gff3, "-o", path("csq.vcf"), path("job.vcf")], runs);
  const annotated = readFileSync(path("csq.vcf"), "latin1")
    .split("\n")
    .filter((line) => line.startsWith(CHROMOSOME));
  if (annotated.length !== records) throw new Error(`bcftools csq wrote ${annotated.length} of ${records} records.`);
  say(`bcftools csq alone: ${timesText(csq, records)}`);
  const withConsequences = bestOfEngine(path("job.vcf"), { folder, pack: path("pack"), runs });
  say(`engine with consequences: ${timesText(withConsequences, records)}`);
  const withAll = bestOfEngine(path("job.vcf"), { folder, pack: path("pack-all"), runs });
  say(`engine with all: ${timesText(withAll, records)}`);
  return [
    ...figuresOf(csq, withConsequences, { name: "consequences", what: "consequences", asked: 0.4 }),
    ...figuresOf(csq, withAll, { name: "consequences-and-more", what: "consequences, rs numbers and frequencies" }),
  ];
}

function figuresOf(
  csq: Times,
  ours: EngineTimes,
  { name, what, asked }: { readonly name: string; readonly what: string; readonly asked?: number },
): readonly Figure[] {
  const rate = { unit: "ratio", baseline: "records a second of `bcftools csq` alone", better: "higher" } as const;
  return [
    {
      ...rate,
      name,
      what: `${what}, whole process`,
      value: csq.wall / ours.wall,
      ...(asked !== undefined && { asked }),
    },
    { ...rate, name: `${name}-warm`, what: `${what}, without the process's start`, value: csq.wall / ours.runSeconds },
    {
      name: `${name}-memory`,
      what: `${what}, memory`,
      value: megabytes(ours.rssBytes),
      unit: "MB",
      baseline: "largest resident size of the engine's process",
      better: "lower",
      asked: 256,
    },
  ];
}

async function writeSources(path: (name: string) => string, records: number): Promise<void> {
  const sequence = makeSequence();
  writeFileSync(path("genes.gff3"), genes(sequence));
  writeFasta(path("reference.fa"), sequence);
  const write = (name: string, sites: Omit<Sites, "sequence" | "records">) =>
    writeSites(path(name), { ...sites, sequence, records });
  await write("job.vcf", { header: [], columns: (_, info) => [".", info] });
  await write("dbsnp.vcf", {
    header: ["##dbSNP_BUILD_ID=157"],
    columns: (number) => [`rs${number}`, `RS=${number};VC=SNV`],
  });
  await write("gnomad.vcf", {
    header: ["A", "afr", "nfe"].map(
      (name) => `##INFO=<ID=AF${name === "A" ? "" : `_${name}`},Number=A,Type=Float,Description="x">`,
    ),
    columns: (number) => [".", `AF=${number / records};AF_afr=0.1;AF_nfe=0.2`],
  });
}

/** Makes a pack in a process of its own; a line with its time, its memory and its size. */
function makePack(what: string, out: string, sources: readonly string[]): string {
  const main = join(import.meta.dirname, "../../../annotator/src/pack/make/main.ts");
  const script = 'process.on("exit", () => console.log("rss", process.resourceUsage().maxRSS));';
  const startedAt = performance.now();
  const said = execFileSync(
    process.execPath,
    [
      "--import",
      `data:text/javascript,${encodeURIComponent(script)}`,
      main,
      "--build",
      "GRCh38",
      ...sources,
      "--out",
      out,
    ],
    { encoding: "utf8" },
  );
  const elapsed = (performance.now() - startedAt) / 1_000;
  const memory = Number(/^rss (\d+)$/m.exec(said)?.[1]) / 1_024;
  const manifest = JSON.parse(readFileSync(join(out, "pack.json"), "utf8")) as { files: Record<string, unknown> }; // made just now
  const bytes = Object.keys(manifest.files).reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
  return `pack of ${what}: ${elapsed.toFixed(2)} s, ${Math.round(memory)} MB at most, ${(bytes / 1e6).toFixed(1)} MB on disk`;
}

function makeSequence(): Buffer {
  const random = generator(20_261_128);
  const sequence = Buffer.alloc(LENGTH);
  for (let at = 0; at < LENGTH; at += 1) sequence[at] = BASES.charCodeAt(random(4));
  return sequence;
}

function writeFasta(path: string, sequence: Buffer): void {
  const lines = [`>chr${CHROMOSOME}`];
  for (let at = 0; at < LENGTH; at += 80) lines.push(sequence.toString("latin1", at, Math.min(LENGTH, at + 80)));
  writeFileSync(path, `${lines.join("\n")}\n`);
}

/** Genes of ten coding exons each, spread over the chromosome. */
function genes(sequence: Buffer): string {
  const step = Math.floor(LENGTH / GENES);
  const line = (type: string, [start, end]: readonly [number, number], attributes: string) =>
    [CHROMOSOME, "x", type, start, end, ".", "+", type === "CDS" ? "0" : ".", attributes].join("\t");
  const lines = Array.from({ length: GENES }, (_, number) => {
    const start = number * step + 1;
    const exons = Array.from(
      { length: EXONS },
      (__, exon) => [start + exon * 3_000, start + exon * 3_000 + 149] as const,
    );
    // The first codon is a start, as csq expects.
    sequence.write("ATG", start - 1, "latin1");
    const whole = [start, exons.at(-1)?.[1] ?? start] as const;
    return [
      line("gene", whole, `ID=gene:G${number};Name=G${number};biotype=protein_coding;gene_id=G${number}`),
      line(
        "mRNA",
        whole,
        `ID=transcript:T${number};Parent=gene:G${number};biotype=protein_coding;transcript_id=T${number}`,
      ),
      ...exons.flatMap((exon) => ["exon", "CDS"].map((type) => line(type, exon, `Parent=transcript:T${number}`))),
    ].join("\n");
  });
  return `##gff-version 3\n#!genome-build GRCh38.p14\n${lines.join("\n")}\n`;
}

interface Sites {
  readonly sequence: Buffer;
  readonly records: number;
  readonly header: readonly string[];
  /** ID and INFO of a record by its number. */
  readonly columns: (number: number, info: string) => readonly [string, string];
}

async function writeSites(path: string, { sequence, records, header, columns }: Sites): Promise<void> {
  const random = generator(7);
  const file = createWriteStream(path);
  const info = '##INFO=<ID=DP,Number=1,Type=Integer,Description="x">';
  const head = ["##fileformat=VCFv4.2", `##contig=<ID=${CHROMOSOME},length=${LENGTH}>`, info, ...header];
  file.write(`${head.join("\n")}\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n`);
  const step = Math.floor(LENGTH / records);
  let rows = "";
  for (let number = 0; number < records; number += 1) {
    const pos = number * step + 1 + random(step);
    const ref = String.fromCharCode(sequence[pos - 1] ?? 0);
    const alt = BASES[(BASES.indexOf(ref) + 1 + random(3)) % 4];
    const [id, text] = columns(number, "DP=33");
    rows += `${CHROMOSOME}\t${pos}\t${id}\t${ref}\t${alt}\t50\tPASS\t${text}\n`;
    if (number % 10_000 !== 0) continue;
    if (!file.write(rows)) await once(file, "drain");
    rows = "";
  }
  file.end(rows);
  await once(file, "finish");
}
