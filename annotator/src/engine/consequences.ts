import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { BuildData, Reference } from "../pack/pack.ts";
import { readFastaIndex } from "../pack/sequence.ts";
import { canonicalContig } from "../vcf/contigs.ts";
import type { InfoField } from "../vcf/header.ts";
import type { Input } from "../vcf/input.ts";
import type { Consequences } from "./annotate-lines.ts";
import { MARGIN, NotSorted, type SiteSetting, type WrittenSites, writeSites } from "./consequence-sites.ts";
import { ConsequenceTable } from "./consequence-table.ts";

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
 * Calls consequences with `bcftools csq` on a copy that has sites only (consequence-sites.ts). The user's file itself
 * never passes through bcftools, which refuses files without contig lines and rewrites numbers. Rows that csq would stop
 * at are not sent: breakends and other alleles that are not sequences, contigs that the FASTA lacks, N in REF;
 * `norm -c x` drops those whose REF differs from the FASTA.
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
  const { hasGenes } = reference;
  const genesOf = (canonical: string) => (hasGenes ? (build.chromosome(canonical)?.genes ?? null) : null);
  const call = (isSortedLater: boolean) =>
    callConsequences({ input, reference, workDirectory, sites: { contigs, genesOf, lifted, isSortedLater } });
  // Nearly every file is sorted, and sorting costs more than csq itself.
  let called = lifted === null ? await call(false) : "not in the order of the reference";
  if (typeof called === "string") called = await call(true);
  if (typeof called === "string") return { reader: null, asked: 0, warning: `Consequences were not called: ${called}` };
  return { reader: new ConsequenceTable(called.tablePath), asked: called.asked, warning: null };
}

interface Call {
  readonly input: Input;
  readonly reference: Reference;
  readonly workDirectory: string;
  readonly sites: SiteSetting;
}

interface Called {
  readonly tablePath: string;
  readonly asked: number;
}

/** Writes the table. Returns why it could not. */
async function callConsequences({ input, reference, workDirectory, sites }: Call): Promise<Called | string> {
  const tablePath = join(workDirectory, "consequences.tsv");
  const steps = [
    // Moves indels to the left and drops rows whose REF is not the reference's. It keeps the order of what it moves by
    // no more than MARGIN.
    ["bcftools", "norm", "-c", "x", "-w", String(MARGIN), "-f", reference.fasta, "-O", "u", "-"],
    ...(sites.isSortedLater ? [["bcftools", "sort", "-T", join(workDirectory, "sort"), "-O", "u", "-"]] : []),
    ["bcftools", "csq", "-l", "-f", reference.fasta, "-g", reference.gff3, "-O", "u", "-"],
    ["bcftools", "query", "-i", 'INFO/BCSQ!="."', "-f", "%ID\\t%INFO/BCSQ\\n", "-"],
  ];
  let written: WrittenSites = { asked: 0, isInOrder: true };
  let notSorted: string | null = null;
  const failure = await runPipe(steps, tablePath, async (sink) => {
    try {
      written = await writeSites(input, sites, sink);
    } catch (error) {
      if (!(error instanceof NotSorted)) throw error;
      notSorted = error.message;
    }
  });
  const problem = notSorted ?? failure;
  if (problem !== null) return problem;
  // Sorted rows come in the order of the reference's contigs, whatever that of the file is.
  if (written.isInOrder && !sites.isSortedLater) return { tablePath, asked: written.asked };
  const sortedPath = `${tablePath}.sorted`;
  const sort = ["sort", "-t", ".", "-k1,1n", "-k2,2n", "-T", workDirectory, tablePath];
  return (await runPipe([sort], sortedPath, async () => undefined)) ?? { tablePath: sortedPath, asked: written.asked };
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
  const ends: Promise<number | null>[] = [];
  /**
   * Why each step failed that did, in the order in which they ended. The first is the cause: it is seen to end before
   * the streams to and from the others are closed here, which makes those fail too.
   */
  const failures: (() => string)[] = [];
  let source: ChildProcess | null = null;
  for (const [command = "", ...args] of steps) {
    const child: ChildProcess = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    });
    let why = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      const lines = chunk.toString("utf8").split("\n");
      why ||= lines.find((line) => /error|fail|could not/i.test(line)) ?? "";
    });
    // A step that ends early closes its input; its exit code tells the story.
    child.stdin?.on("error", () => undefined);
    if (source?.stdout && child.stdin) {
      const { stdout } = source;
      stdout.pipe(child.stdin);
      // As a shell's pipe does: what writes to a step that has ended is ended by it, and does not wait for ever.
      child.stdin.once("close", () => stdout.destroy());
    }
    const name = [command, ...args.slice(0, 1)].join(" ");
    const fail = (code: number | null) =>
      failures.push(() => `${name} ended with ${code}${why === "" ? "" : ` (${why})`}`);
    child.once("exit", (code) => code !== 0 && fail(code)).once("error", () => fail(null));
    ends.push(exitOf(child));
    children.push(child);
    source = child;
  }
  const written = createWriteStream(outputPath);
  source?.stdout?.pipe(written);
  const sink = children[0]?.stdin;
  if (!sink) return "no command";
  const ended = Promise.all(ends);
  const writing = write(sink).catch((error: unknown) => {
    if (!sink.destroyed) throw error;
  });
  await Promise.race([writing, ended]);
  sink.end();
  await ended;
  if (!written.writableFinished) await once(written, "finish");
  return failures[0]?.() ?? null;
}

/** The exit code; null when the command could not be started or was ended by a signal. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}
