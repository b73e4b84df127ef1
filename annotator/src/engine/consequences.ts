import { type ChildProcess, spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import type { BuildData, Reference } from "../pack/pack.ts";
import { readFastaIndex } from "../pack/sequence.ts";
import type { Input } from "../vcf/input.ts";
import type { Consequences } from "./annotate-lines.ts";
import { type SiteSetting, writeSites } from "./consequence-sites.ts";
import { ConsequenceTable } from "./consequence-table.ts";
import { NotSorted } from "./ordered-rows.ts";

export interface OpenedConsequences {
  readonly reader: Consequences | null;
  /** Records that bcftools was asked for. */
  readonly asked: number;
  /** Why there are no consequences, or what was left out. */
  readonly warning: string | null;
}

/**
 * Calls consequences with `bcftools csq` on a copy that has sites only (consequence-sites.ts). The user's file itself
 * never passes through bcftools, which refuses files without contig lines and rewrites numbers. Rows that csq would
 * stop at are not sent: breakends and other alleles that are not sequences, contigs that the FASTA lacks, a REF that is
 * not the FASTA's.
 */
export async function openConsequences({
  input,
  columns,
  reference,
  build,
  lifted,
  workDirectory,
}: {
  readonly input: Input;
  /** How many columns the #CHROM line names; null when it does not tell. */
  readonly columns: number | null;
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
  const sites = {
    columns,
    contigs,
    sequenceOf: (canonical: string) => build.chromosome(canonical)?.sequence ?? null,
    genesOf: (canonical: string) => (hasGenes ? (build.chromosome(canonical)?.genes ?? null) : null),
    lifted,
  };
  const call = (isSortedLater: boolean) =>
    callConsequences({ input, reference, workDirectory, sites: { ...sites, isSortedLater } });
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
  const tablePath = join(workDirectory, "consequences.vcf");
  const csq = ["bcftools", "csq", "-l", "-f", reference.fasta, "-g", reference.gff3, "-O", "v", "-"];
  const sort = ["bcftools", "sort", "-T", join(workDirectory, "sort"), "-O", "u", "-"];
  let asked = 0;
  let notSorted: string | null = null;
  const failure = await runPipe(sites.isSortedLater ? [sort, csq] : [csq], tablePath, async (sink) => {
    try {
      asked = await writeSites(input, sites, sink);
    } catch (error) {
      if (!(error instanceof NotSorted)) throw error;
      notSorted = error.message;
    }
  });
  const problem = notSorted ?? failure;
  if (problem !== null) return problem;
  if (!sites.isSortedLater) return { tablePath, asked };
  // Back to the order of the records: by the IDs.
  const sortedPath = `${tablePath}.sorted`;
  const byId = ["sort", "-t", "\t", "-k3,3n", "-T", workDirectory, tablePath];
  return (await runPipe([byId], sortedPath, async () => undefined)) ?? { tablePath: sortedPath, asked };
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
   * Why each step failed that did, in the order in which they were seen to end. The first is the cause, for the others
   * miss its input or its output; but who was ended for writing to a step that had ended may be seen first.
   */
  const failures: { readonly isCut: boolean; readonly tell: () => string }[] = [];
  let source: ChildProcess | null = null;
  await using output = await open(outputPath, "w");
  for (const [index, [command = "", ...args]] of steps.entries()) {
    const child: ChildProcess = spawn(command, args, {
      stdio: ["pipe", index === steps.length - 1 ? output.fd : "pipe", "pipe"],
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
    const fail = (code: number | null, signal: NodeJS.Signals | null) =>
      failures.push({
        isCut: signal === "SIGPIPE",
        tell: () => `${name} ended with ${code ?? signal}${why === "" ? "" : ` (${why})`}`,
      });
    child
      .once("exit", (code, signal) => code !== 0 && fail(code, signal))
      .once("error", ({ message }) =>
        failures.push({ isCut: false, tell: () => `${name} could not be started (${message})` }),
      );
    ends.push(exitOf(child));
    children.push(child);
    source = child;
  }
  const sink = children[0]?.stdin;
  if (!sink) return "no command";
  const ended = Promise.all(ends);
  const writing = write(sink).catch((error: unknown) => {
    if (!sink.destroyed) throw error;
  });
  try {
    await Promise.race([writing, ended]);
  } finally {
    sink.end();
    await ended;
  }
  return (failures.find(({ isCut }) => !isCut) ?? failures[0])?.tell() ?? null;
}

/** The exit code; null when the command could not be started or was ended by a signal. */
function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code));
  });
}
