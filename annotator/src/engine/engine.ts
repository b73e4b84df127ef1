import { createWriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import type { BuildData, Pack } from "../pack/pack.ts";
import { AnnotationFailure, allMalformed } from "../vcf/failure.ts";
import { type Header, HeaderReader, headerText, type InfoField } from "../vcf/header.ts";
import { type Input, openInput } from "../vcf/input.ts";
import { lineBlocks } from "../vcf/lines.ts";
import { type Consequences, createLineAnnotator, type LineAnnotator } from "./annotate-lines.ts";
import { INFO_FIELDS } from "./annotate-record.ts";
import { type BuildDecision, buildFromHeader, buildFromPositions, chosenBuild } from "./build.ts";
import { CONSEQUENCE_FIELD, openConsequences } from "./consequences.ts";
import { countLog } from "./count-log.ts";
import { largestPositions, readHeader } from "./survey.ts";
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
  readonly maxTextBytes?: number;
  /** 0 to 100. */
  readonly onProgress?: (percent: number) => void;
}

/** Below this share of records in genes a file of this many records is more likely on another build than that empty of genes. */
const LOW_GENE_SHARE = 0.2;
const MIN_RECORDS_FOR_SHARE = 200;

/**
 * Annotates one file: writes the annotated VCF and the count log and returns the summary. Throws AnnotationFailure with a sentence for the file's owner when
 * the file is not one that can be annotated; what was written until then is of no use.
 */
export async function runEngine(run: EngineRun): Promise<JobSummary> {
  const startedAt = performance.now();
  const input = await openInput(run.inputPath, run.maxTextBytes);
  const header = await readHeader(input);
  const decision = await decideBuild(run, input, header);
  const build = run.pack.build(decision.build);
  const tally = new Tally();
  noteHeader(header, decision, tally);

  const consequences = build?.reference
    ? await openConsequences({ input, reference: build.reference, workDirectory: run.workDirectory })
    : null;
  if (consequences?.warning) tally.warn(consequences.warning);
  await writeAnnotated(run, { input, header, decision, build, tally, consequences: consequences?.reader ?? null });
  if (tally.records === 0) tally.warn("The file has a header but no records");
  noteGeneShare(build, decision, tally);

  const summary = tally.summary({
    pack: run.pack.name,
    build: decision.build,
    buildReason: decision.reason,
    durationMs: Math.round(performance.now() - startedAt),
  });
  await writeFile(run.logPath, countLog(summary, tally.logFigures(), run.fileName));
  return summary;
}

async function decideBuild({ build, pack }: EngineRun, input: Input, header: Header): Promise<BuildDecision> {
  if (build !== null && pack.build(build) !== undefined) return chosenBuild(build, header, pack.builds);
  const decision =
    buildFromHeader(header, pack.builds) ??
    buildFromPositions(await largestPositions(input), pack.builds, pack.defaultBuild);
  return build === null
    ? decision
    : { ...decision, warning: `The chosen build ${build} is not in the annotation pack. ${decision.reason}` };
}

interface Prepared {
  readonly input: Input;
  readonly header: Header;
  readonly decision: BuildDecision;
  readonly build: BuildData | undefined;
  readonly tally: Tally;
  readonly consequences: Consequences | null;
}

async function writeAnnotated(
  run: EngineRun,
  { input, header, decision, build, tally, consequences }: Prepared,
): Promise<void> {
  const fields: InfoField[] = [...Object.values(INFO_FIELDS), ...(consequences === null ? [] : [CONSEQUENCE_FIELD])];
  const keys = new Set(fields.map((field) => field.key));
  const annotator = createLineAnnotator({
    build,
    firstLine: header.metaLines.length + 2,
    replacedKeys: new Set([...keys].filter((key) => header.infoKeys.has(key))),
    consequences,
    tally,
  });
  const onBytes = (bytes: number) => run.onProgress?.(input.sizeBytes === 0 ? 0 : (bytes / input.sizeBytes) * 100);
  const text = headerText(header, fields, latin1(`${run.pack.name}, ${decision.build}: ${decision.reason}`));
  async function* output(): AsyncGenerator<Buffer> {
    for await (const block of afterHeader(input.read(onBytes))) {
      yield Buffer.from(block.isHeader ? text : annotator.block(block.text), "latin1");
    }
  }
  await pipeline(Readable.from(output(), { objectMode: true, highWaterMark: 4 }), createWriteStream(run.outputPath));
  refuseWhenAllMalformed(tally, annotator);
}

/** The blocks of a file, the header as one of them. */
async function* afterHeader(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly isHeader: boolean; readonly text: string }> {
  let reader: HeaderReader | null = new HeaderReader();
  for await (const block of lineBlocks(chunks)) {
    let start = 0;
    while (reader !== null && start < block.length) {
      const feed = block.indexOf("\n", start);
      const end = feed === -1 ? block.length : feed;
      const isComplete = reader.take(block.slice(start, end)) !== undefined;
      start = end + 1;
      if (!isComplete) continue;
      reader = null;
      yield { isHeader: true, text: "" };
    }
    if (start < block.length) yield { isHeader: false, text: start === 0 ? block : block.slice(start) };
  }
  reader?.finish();
}

function refuseWhenAllMalformed(tally: Tally, { firstMalformed }: LineAnnotator): void {
  if (firstMalformed !== null && tally.malformed === tally.records) {
    throw new AnnotationFailure(allMalformed(tally.records, firstMalformed));
  }
}

function noteHeader(header: Header, decision: BuildDecision, tally: Tally): void {
  if (decision.warning !== null) tally.warn(decision.warning);
  if (header.hadByteOrderMark) tally.warn("A byte order mark before the first line was removed");
  if (header.version === null) tally.warn("The first line does not name a version of VCF");
  else if (!/^(?:3\.3|4\.[0-5])$/.test(header.version)) tally.warn(`VCF ${header.version} is read as if it were 4.5`);
}

function noteGeneShare(build: BuildData | undefined, decision: BuildDecision, tally: Tally): void {
  if (build === undefined) return;
  if (!build.hasGenes) tally.warn(`The annotation pack has no genes for ${build.name}: only cytobands were added`);
  else if (tally.withGeneData >= MIN_RECORDS_FOR_SHARE && tally.inGenes / tally.withGeneData < LOW_GENE_SHARE) {
    const share = Math.round((tally.inGenes / tally.withGeneData) * 100);
    tally.warn(`Only ${share} % of the records lie in genes: is ${decision.build} the right build?`);
  }
}

/** Text as the engine holds it: one character per byte of its UTF-8. */
function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
