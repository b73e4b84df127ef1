import { open, writeFile } from "node:fs/promises";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { canonicalContig } from "@elastic-gas/shared/vcf/contigs";
import { allUnreadable } from "@elastic-gas/shared/vcf/judge";
import { columnsNamed } from "@elastic-gas/shared/vcf/record";
import type { BuildData, Pack } from "../pack/pack.ts";
import { refused } from "../vcf/failure.ts";
import { type Header, HeaderReader, headerText, type InfoField } from "../vcf/header.ts";
import { type Input, openInput, type TextLimit } from "../vcf/input.ts";
import { excerpt, LINE_FEED, latin1, lineBlocks, linesOf } from "../vcf/lines.ts";
import { type Consequences, LineAnnotator } from "./annotate-lines.ts";
import { INFO_FIELDS, infoFields } from "./annotate-record.ts";
import { chosenBuild, type Decision, decideBuild, headerDecides, withBeyondEnd } from "./build/decide.ts";
import { type HeaderEvidence, readHeaderEvidence } from "./build/header-evidence.ts";
import { readRecordEvidence } from "./build/record-evidence.ts";
import { ByteSink } from "./byte-sink.ts";
import { CONSEQUENCE_ALT_FIELD, CONSEQUENCE_FIELD, HGVS_ALT_FIELD, HGVS_FIELD } from "./consequence-fields.ts";
import { openConsequences } from "./consequences.ts";
import { countLog } from "./count-log.ts";
import type { RunProgress } from "./run-progress.ts";
import { Tally } from "./tally.ts";

export interface EngineRun {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly logPath: string;
  /** A folder of this run alone, for what is in between. */
  readonly workDirectory: string;
  /** The name that the user gave the file, for the log. */
  readonly fileName: string;
  readonly pack: Pack;
  /** The user's choice; null to find it out. */
  readonly build: string | null;
  /** What the file may hold once it is unpacked; null for any amount. */
  readonly textLimit?: TextLimit | null;
  /** Is told how far the run is. */
  readonly progress?: RunProgress;
}

/**
 * Below this share of records in genes a file of this many records is more likely on another build than that empty of
 * genes.
 */
const LOW_GENE_SHARE = 0.2;
const MIN_RECORDS_FOR_SHARE = 200;
/** Where the header decides, so many records are enough to see whether they contradict it. */
const SAMPLE_RECORDS = 2_000;
/** CHROM to INFO and FORMAT are before the samples. */
const SAMPLES_FROM = 9;
const OUTPUT_BYTES = 1 << 19;
const MITOCHONDRION = 16_569; // NC_012920, the revised Cambridge reference sequence

/**
 * Annotates one file: writes the annotated VCF and the count log and returns the summary. Throws AnnotationFailure with
 * a sentence for the file's owner when the file is not one that can be annotated; what was written until then is of no
 * use.
 */
export async function runEngine(run: EngineRun): Promise<JobSummary> {
  const startedAt = performance.now();
  run.progress?.begin("header");
  const input = await openInput(run.inputPath, run.textLimit ?? null);
  const header = await readHeader(input);
  const evidence = readHeaderEvidence(header, run.pack.builds);
  run.progress?.begin("build");
  const decision = await decide(run, input, evidence);
  run.progress?.decided(decision);
  const build = run.pack.build(decision.build);
  const tally = new Tally();
  noteHeader(header, tally);
  run.progress?.counts(tally);

  // Records of a build that is lifted are looked up in the other one.
  const data = build?.liftTo ?? build;
  if (data?.reference) run.progress?.begin("consequences");
  const consequences = data?.reference
    ? await openConsequences({
        input,
        columns: columnsNamed(header.chromLine),
        reference: data.reference,
        build: data,
        lifted: build?.liftTo ? build : null,
        workDirectory: run.workDirectory,
      })
    : null;
  if (consequences?.warning) tally.warn(consequences.warning);
  tally.addAskedForConsequences(consequences?.asked ?? 0);
  run.progress?.begin("records");
  await writeAnnotated(run, {
    input,
    header,
    evidence,
    decision,
    build,
    tally,
    consequences: consequences?.reader ?? null,
  });
  if (tally.records === 0) tally.warn("The file has a header but no records.");
  const final = tally.beyondEnd === null ? decision : withBeyondEnd(decision, tally.beyondEnd, run.pack.builds);
  noteWhatIsMissing(build, final, tally);

  const { reason, ...buildDecision } = final;
  const summary = tally.summary({
    pack: run.pack.name,
    build: final.build,
    buildReason: reason,
    buildDecision,
    clinvarHeld: data?.clinvarHeld ?? null,
    packSources: build === undefined ? [] : sourcesFor(build),
    durationMs: Math.round(performance.now() - startedAt),
  });
  await writeFile(run.logPath, countLog(summary, tally.logFigures(), run.fileName));
  return summary;
}

/** What the job's pack held for its build, for citation. */
function sourcesFor({ sources, liftTo }: BuildData): NonNullable<JobSummary["packSources"]> {
  // A band is that of the file's own build.
  const there = (liftTo?.sources ?? []).filter(({ kinds }) => !kinds.includes("bands"));
  const all = [...there, ...sources].map((source) => ({ ...source, kinds: [...source.kinds] }));
  return all.filter((source, index) => all.findIndex((other) => isSameSource(other, source)) === index);
}

function isSameSource(a: { name: string; release: string }, b: { name: string; release: string }): boolean {
  return a.name === b.name && a.release === b.release;
}

/** Reads only as far as the #CHROM line. Throws AnnotationFailure when there is none. */
async function readHeader(input: Input): Promise<Header> {
  const reader = new HeaderReader();
  for await (const block of lineBlocks(input.read())) {
    for (const line of linesOf(block)) {
      const header = reader.take(line);
      if (header !== undefined) return header;
    }
  }
  return reader.finish();
}

async function decide({ build, pack }: EngineRun, input: Input, header: HeaderEvidence): Promise<Decision> {
  const isChosen = build !== null && pack.build(build) !== undefined;
  const limit = isChosen || headerDecides(header, pack.builds) ? SAMPLE_RECORDS : Number.POSITIVE_INFINITY;
  const records = await readRecordEvidence(input, pack, limit);
  const question = { header, records, builds: pack.builds, preferred: pack.defaultBuild };
  if (isChosen) return chosenBuild(build, question);
  const decision = decideBuild(question);
  if (build === null) return decision;
  const missing = `The chosen build ${build} is not in the annotation pack.`;
  return { ...decision, warning: decision.warning === null ? missing : `${missing} ${decision.warning}` };
}

interface Prepared {
  readonly input: Input;
  readonly header: Header;
  readonly evidence: HeaderEvidence;
  readonly decision: Decision;
  readonly build: BuildData | undefined;
  readonly tally: Tally;
  readonly consequences: Consequences | null;
}

async function writeAnnotated(
  run: EngineRun,
  { input, header, evidence, decision, build, tally, consequences }: Prepared,
): Promise<void> {
  const called = consequences === null ? [] : [CONSEQUENCE_FIELD, CONSEQUENCE_ALT_FIELD, HGVS_FIELD, HGVS_ALT_FIELD];
  const fields: InfoField[] = [...infoFields((build?.liftTo ?? build)?.holds), ...called];
  // A BCSQ that stays keeps the numbers of its ALTs.
  const ownKeys = new Set(
    [...Object.values(INFO_FIELDS), HGVS_FIELD, HGVS_ALT_FIELD, ...called].map((field) => field.key),
  );
  const annotator = new LineAnnotator({
    build,
    firstLine: header.metaLines.length + 2,
    columns: columnsNamed(header.chromLine),
    ownKeys,
    consequences,
    isOtherMitochondrion: (name) => isOtherMitochondrion(name, decision.build, evidence),
    tally,
  });
  const onBytes = (bytes: number) => {
    if (run.progress !== undefined && input.sizeBytes > 0) run.progress.percent = (bytes / input.sizeBytes) * 100;
  };
  const provenance = latin1(`${run.pack.name}; build: ${decision.reason}`);
  const text = headerText(header, { fields, ownKeys, provenance });
  await using output = await open(run.outputPath, "w");
  await output.appendFile(Buffer.from(text, "latin1"));
  // One block is annotated while the one before is written.
  let [sink, writtenSink] = [new ByteSink(OUTPUT_BYTES), new ByteSink(OUTPUT_BYTES)];
  let writing: Promise<void> = Promise.resolve();
  for await (const block of afterHeader(input.read(onBytes), header.metaLines.length + 1)) {
    annotator.block(block, sink);
    if (sink.bytes.length < OUTPUT_BYTES / 2) continue;
    await writing;
    writing = output.appendFile(sink.bytes);
    [sink, writtenSink] = [writtenSink, sink];
    sink.clear();
  }
  await writing;
  await output.appendFile(sink.bytes);
  annotator.finish();
  const { unreadable } = tally;
  if (unreadable !== null && unreadable.count === tally.records)
    throw refused(allUnreadable(tally.records, { line: unreadable.line, problem: excerpt(unreadable.detail, 200) }));
}

/** The blocks of a file after so many lines. */
async function* afterHeader(chunks: AsyncIterable<Buffer>, lines: number): AsyncGenerator<Buffer> {
  let left = lines;
  for await (const block of lineBlocks(chunks)) {
    let start = 0;
    for (; left > 0 && start < block.length; left -= 1) {
      const feed = block.indexOf(LINE_FEED, start);
      start = feed === -1 ? block.length : feed + 1;
    }
    if (start < block.length) yield start === 0 ? block : block.subarray(start);
  }
}

/** UCSC's hg19 has a mitochondrion of its own; files on it call it chrM and often do not give its length. */
function isOtherMitochondrion(name: string, build: string, { mitochondrionLength }: HeaderEvidence): boolean {
  if (canonicalContig(name) !== "MT") return false;
  if (mitochondrionLength !== null) return mitochondrionLength !== MITOCHONDRION;
  return build === "GRCh37" && /^chrM$/i.test(name);
}

function noteHeader(header: Header, tally: Tally): void {
  const { version, chromLine } = header;
  if (header.hadByteOrderMark) tally.warn("A byte order mark before the first line was removed.");
  if (version === null) tally.warn("The first line does not name a version of VCF.");
  else if (!/^(?:3\.3|4\.[0-5])$/.test(version)) tally.warn(`VCF ${version} is read as if it were 4.5.`);
  const problem = problemOfColumns(chromLine);
  if (problem === null) return;
  tally.warn(
    `Line ${header.metaLines.length + 1}: ${problem}. It was passed through unchanged, and other tools will refuse the file there.`,
  );
}

/** What keeps other tools from reading the #CHROM line; null when nothing does. */
function problemOfColumns(chromLine: string): string | null {
  if (columnsNamed(chromLine) !== null) return repeatedSamples(chromLine);
  const isApart = !chromLine.startsWith("#CHROM\t") && chromLine.trim() !== "#CHROM";
  return isApart
    ? "the columns of the #CHROM line are separated by blanks instead of tabs"
    : "the #CHROM line names fewer than 8 columns";
}

/** "Duplicate sample IDs are not allowed": VCF 4.3, section 1.5. */
function repeatedSamples(chromLine: string): string | null {
  const counts = new Map<string, number>();
  for (const name of chromLine.trimEnd().split("\t").slice(SAMPLES_FROM)) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const repeated = [...counts].filter(([, count]) => count > 1);
  const [first] = repeated;
  if (first === undefined) return null;
  const [name, count] = first;
  const more = repeated.length - 1;
  const others =
    more === 0 ? "" : `, and ${more} other ${more === 1 ? "name occurs" : "names occur"} more than once, too`;
  return `${count === 2 ? "two" : count} samples are called “${excerpt(name)}”${others}`;
}

/** What the pack lacks for the file's build, so that nobody takes "not looked up" for "not there". */
function noteWhatIsMissing(build: BuildData | undefined, decision: Decision, tally: Tally): void {
  if (build === undefined || tally.annotated === 0) return;
  const { genes, regions, clinvar } = tally.lookedUp;
  if (genes === 0)
    tally.warn(
      `The annotation pack has no genes for these records on ${build.name}: cytobands were added where it has them.`,
    );
  else if (regions === 0)
    tally.warn(`The annotation pack knows no parts of these genes on ${build.name}: regions are GENE or INTERGENIC.`);
  if (clinvar === 0 && genes > 0)
    tally.warn(`The annotation pack has no ClinVar variants for these records on ${build.name}: none was looked up.`);
  if (genes >= MIN_RECORDS_FOR_SHARE && tally.inGenes / genes < LOW_GENE_SHARE) {
    const share = Math.round((tally.inGenes / genes) * 100);
    tally.warn(`Only ${share}\u00a0% of the records lie in genes: is ${decision.build} the right build?`);
  }
}
