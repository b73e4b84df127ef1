import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, createWriteStream, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { type RecordColumns, readRecord } from "@elastic-gas/shared/vcf/record";
import type { BuildData, Reference } from "../pack/pack.ts";
import { readFastaIndex } from "../pack/sequence.ts";
import type { GeneTrack } from "../pack/tracks.ts";
import { allelesOf } from "../vcf/alleles.ts";
import { canonicalContig } from "../vcf/contigs.ts";
import type { InfoField } from "../vcf/header.ts";
import type { Input } from "../vcf/input.ts";
import { lineBlocks, recordHeadsOf } from "../vcf/lines.ts";
import type { Consequences } from "./annotate-lines.ts";
import { liftRecord } from "./lift-record.ts";
import { placesOf } from "./places.ts";

export const CONSEQUENCE_FIELD: InfoField = {
  key: "BCSQ",
  number: ".",
  description:
    "Haplotype-unaware consequence from BCFtools/csq. Format: Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change",
};

export interface OpenedConsequences {
  readonly reader: Consequences | null;
  /** Records that bcftools was asked for. */
  readonly asked: number;
  /** Why there are no consequences, or what was left out. */
  readonly warning: string | null;
}

/**
 * Calls consequences with `bcftools csq` on a copy that has sites only: one row per ALT whose ID is the record's
 * ordinal. The user's file itself never passes through bcftools, which refuses files without contig lines and rewrites
 * numbers. Rows that csq would stop at are not sent: breakends and other alleles that are not sequences, contigs that
 * the FASTA lacks, N in REF; `norm -c x` drops those whose REF differs from the FASTA.
 */
export async function openConsequences({
  input,
  reference,
  build,
  lifted,
  workDirectory,
}: {
  readonly input: Input;
  readonly reference: Reference;
  /** The build of the reference. */
  readonly build: BuildData;
  /** The file's build when its records are lifted to that of the reference. */
  readonly lifted: BuildData | null;
  readonly workDirectory: string;
}): Promise<OpenedConsequences> {
  const available = await bcftoolsVersion();
  if (available === null)
    return { reader: null, asked: 0, warning: "bcftools is not installed here: consequences were not called" };
  const contigs = new Map(
    readFastaIndex(reference.fasta).map(({ name, length }) => [canonicalContig(name), { name, length }]),
  );
  const tablePath = join(workDirectory, "consequences.tsv");
  // norm moves indels to the left, so rows are sorted after it; with --do-not-normalize it would not check REF either.
  const steps = [
    ["bcftools", "norm", "-c", "x", "-f", reference.fasta, "-O", "u", "-"],
    ["bcftools", "sort", "-T", join(workDirectory, "sort"), "-O", "u", "-"],
    ["bcftools", "csq", "-l", "-f", reference.fasta, "-g", reference.gff3, "-O", "u", "-"],
    ["bcftools", "query", "-i", 'INFO/BCSQ!="."', "-f", "%ID\\t%INFO/BCSQ\\n", "-"],
    ["sort", "-s", "-n", "-k1,1", "-T", workDirectory],
  ];
  let asked = 0;
  const failure = await runPipe(steps, tablePath, async (sink) => {
    asked = await writeSites(input, { contigs, genesOf: genesBy(build, reference), lifted, sink });
  });
  if (failure !== null) return { reader: null, asked: 0, warning: `Consequences were not called: ${failure}` };
  return { reader: new ConsequenceTable(tablePath), asked, warning: null };
}

/** `1.16`; null when bcftools cannot be run. */
export async function bcftoolsVersion(): Promise<string | null> {
  const child = spawn("bcftools", ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  const code = await exitOf(child);
  return code === 0 ? (/^bcftools (\S+)/.exec(text)?.[1] ?? null) : null;
}

/** Rows `ordinal, consequences` by ordinal, read as the records come by. */
export class ConsequenceTable implements Consequences {
  readonly #file: number;
  readonly #buffer = Buffer.alloc(1 << 18);
  #text = "";
  #next: { readonly ordinal: number; readonly values: readonly string[] } | null = null;
  #isOver = false;

  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  take(ordinal: number): readonly string[] {
    const found: string[] = [];
    for (;;) {
      this.#next ??= this.#readRow();
      if (this.#next === null || this.#next.ordinal > ordinal) break;
      if (this.#next.ordinal === ordinal) found.push(...this.#next.values);
      this.#next = null;
    }
    return found.length < 2 ? found : [...new Set(found)];
  }

  #readRow(): { ordinal: number; values: readonly string[] } | null {
    let feed = this.#text.indexOf("\n");
    while (feed === -1 && !this.#isOver) {
      const bytes = readSync(this.#file, this.#buffer);
      this.#text += this.#buffer.toString("latin1", 0, bytes);
      if (bytes === 0) {
        this.#isOver = true;
        closeSync(this.#file);
      }
      feed = this.#text.indexOf("\n");
    }
    if (feed === -1) return null;
    const [ordinal = "", values = ""] = this.#text.slice(0, feed).split("\t");
    this.#text = this.#text.slice(feed + 1);
    // csq writes `@position` on a row whose consequence it tells at another one of the same haplotype: nothing to join.
    return {
      ordinal: Number(ordinal),
      values: values.split(",").filter((value) => value !== "" && !value.startsWith("@")),
    };
  }
}

interface Sites {
  /** The names of the FASTA's sequences by our canonical ones. */
  readonly contigs: ReadonlyMap<string, { readonly name: string; readonly length: number }>;
  /** The genes of a contig when no consequence lies outside them; null otherwise. */
  readonly genesOf: (canonical: string) => GeneTrack | null;
  readonly lifted: BuildData | null;
  readonly sink: Writable;
}

/** An indel may be moved to the left by as much, into a gene that ends before it. */
const MARGIN = 1_000;

function genesBy(build: BuildData, { hasGenes }: Reference): Sites["genesOf"] {
  return (canonical) => (hasGenes ? (build.chromosome(canonical)?.genes ?? null) : null);
}

/** Writes the rows and returns for how many records csq could tell something. */
async function writeSites(input: Input, sites: Sites): Promise<number> {
  const { contigs, lifted, sink } = sites;
  const declared = [...contigs.values()].map(({ name, length }) => `##contig=<ID=${name},length=${length}>\n`);
  sink.write(`##fileformat=VCFv4.2\n${declared.join("")}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n`, "latin1");
  let [ordinal, asked, isHeader] = [0, 0, true];
  for await (const block of lineBlocks(input.read())) {
    let rows = "";
    for (const line of recordHeadsOf(block)) {
      if (isHeader || line.startsWith("#") || line.trim() === "") {
        if (line.startsWith("#CHROM")) isHeader = false;
        continue;
      }
      const record = readRecord(line);
      if ("problem" in record) continue;
      const own = siteRows(lifted === null ? record : placed(record, lifted), sites, ordinal);
      if (own !== null) asked += 1;
      rows += own ?? "";
      ordinal += 1;
    }
    if (rows !== "" && !sink.write(rows, "latin1")) await once(sink, "drain");
  }
  return asked;
}

/** The record in the build of the reference; null where that lacks its place. */
function placed(record: RecordColumns, lifted: BuildData): RecordColumns | null {
  const places = placesOf(record, allelesOf(record));
  return places === null ? null : (liftRecord(record, places, lifted)?.record ?? null);
}

/** A row for each ALT that csq can take; null without any, empty where it is known to say nothing. */
function siteRows(record: RecordColumns | null, { contigs, genesOf }: Sites, ordinal: number): string | null {
  if (record === null) return null;
  const canonical = canonicalContig(record.chrom);
  const contig = contigs.get(canonical);
  const ref = record.ref.toUpperCase();
  if (contig === undefined || !BASES.test(ref)) return null;
  const end = record.pos + ref.length - 1;
  if (record.pos < 1 || end > contig.length) return null;
  const alts = record.alt.toUpperCase().split(",");
  let rows = "";
  for (const [index, { minimal }] of allelesOf(record).entries()) {
    const alt = alts[index] ?? "";
    if (minimal !== null && BASES.test(alt))
      rows += `${contig.name}\t${record.pos}\t${ordinal}\t${ref}\t${alt}\t.\t.\t.\n`;
  }
  if (rows === "") return null;
  const genes = genesOf(canonical);
  return genes !== null && genes.overlapping(record.pos - MARGIN, end).length === 0 ? "" : rows;
}

const BASES = /^[ACGT]+$/;

/**
 * Runs commands as one pipe from `write` into a file. Returns what failed, null when all ended well. No shell: paths
 * are arguments, never text to parse.
 */
async function runPipe(
  steps: readonly string[][],
  outputPath: string,
  write: (sink: Writable) => Promise<void>,
): Promise<string | null> {
  const children: ChildProcess[] = [];
  const messages: string[] = [];
  const exits: Promise<number | null>[] = [];
  let source: ChildProcess | null = null;
  for (const [command = "", ...args] of steps) {
    const child: ChildProcess = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      if (messages.length < 50)
        messages.push(
          ...chunk
            .toString("utf8")
            .split("\n")
            .filter((line) => /error|fail|could not/i.test(line)),
        );
    });
    // A step that ends early closes its input; its exit code tells the story.
    child.stdin?.on("error", () => undefined);
    if (source?.stdout && child.stdin) source.stdout.pipe(child.stdin);
    exits.push(exitOf(child));
    children.push(child);
    source = child;
  }
  const written = createWriteStream(outputPath);
  source?.stdout?.pipe(written);
  const sink = children[0]?.stdin;
  if (!sink) return "no command";
  const ended = Promise.all(exits);
  await Promise.race([write(sink), ended]);
  sink.end();
  const codes = await ended;
  if (!written.writableFinished) await once(written, "finish");
  const failed = codes.findIndex((code) => code !== 0);
  return failed === -1
    ? null
    : `${steps[failed]?.slice(0, 2).join(" ")} ended with ${codes[failed]}${messages[0] === undefined ? "" : ` (${messages[0]})`}`;
}

/** The exit code; null when the command could not be started or was ended by a signal. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}
