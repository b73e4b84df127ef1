import { open } from "node:fs/promises";
import { join } from "node:path";
import type { PackManifestSource } from "../manifest.ts";
import { writeMembers } from "./block-writer.ts";
import { type Feature, GeneModels, type NameCounts } from "./gene-models.ts";
import { SourceFile } from "./source-file.ts";
import { checkGenome, contigNames, dateText, noChromosome, type Part, type Target } from "./target.ts";

/**
 * Genes with their parts, and the transcripts as `bcftools csq` takes them, from a GFF3 of RefSeq, Ensembl or GENCODE.
 * One chromosome at a time is in memory. Throws SourceError.
 */
export async function makeGenes(target: Target, path: string): Promise<Part> {
  const file = new SourceFile(path);
  const contigOf = contigNames(target, file);
  const [genes, gff3] = [`${target.stem}-genes.tsv.gz`, `${target.stem}-transcripts.gff3`];
  const lines = new Map<string, readonly string[]>();
  const header: string[] = [];
  let firstOther: { name: string; line: number } | null = null;
  let [name, contig, count, transcripts, notCallable] = ["", null as string | null, 0, 0, 0];
  const names: NameCounts = new Map();
  let models = new GeneModels("", names);
  await using output = await open(join(target.directory, gff3), "w");
  await output.appendFile("##gff-version 3\n");
  const finish = async () => {
    if (contig === null) return;
    const rows = models.geneRows();
    lines.set(contig, rows);
    count += rows.length;
    transcripts += models.transcripts;
    notCallable += models.notCallable;
    await output.appendFile(models.gff3(), "latin1");
  };
  for await (const { lines: some, first } of file.lines()) {
    for (const [index, line] of some.entries()) {
      const number = first + index;
      if (number === 1 && !/^##gff-version\s+3/.test(line))
        throw file.problem(
          1,
          "a GFF3 begins with ##gff-version 3.",
          "Is it GTF or another format? Take the .gff3 or .gff file.",
        );
      if (/^#(?:!genome-(?:build|version)|description:)/.test(line)) checkGenome(line, number, { target, file });
      if (/^#(?:!|[a-z]+:)/.test(line)) header.push(line);
      if (line === "" || line.startsWith("#")) continue;
      const feature = readFeature(line, number, file);
      if (feature.seqid !== name) {
        await finish();
        name = feature.seqid;
        contig = contigOf(name, number);
        if (contig === null) firstOther ??= { name, line: number };
        else if (lines.has(contig))
          throw file.problem(
            number,
            `features on ${name} come back after others.`,
            "Sort the file by its first column: sort -s -k1,1",
          );
        else lines.set(contig, []);
        models = new GeneModels(contig ?? "", names);
      }
      if (contig !== null) models.add(feature);
    }
  }
  await finish();
  if (lines.size === 0 && firstOther !== null) throw noChromosome(file, target, firstOther);
  if (count === 0)
    throw file.problem(
      1,
      "there are no genes in it.",
      "Take RefSeq's genomic.gff or Ensembl's .gff3, not a part of it.",
    );
  return {
    files: { genes },
    members: { genes: await writeMembers(join(target.directory, genes), lines) },
    gff3,
    sources: [citation(file, header, target)],
    counts: { genes: count, transcripts },
    notes: notCallable === 0 ? [] : [withoutConsequences(path, notCallable)],
  };
}

function withoutConsequences(path: string, count: number): string {
  const [transcripts, get, their] =
    count === 1 ? ["1 transcript", "gets", "its"] : [`${count.toLocaleString("en-US")} transcripts`, "get", "their"];
  return `${path}: ${transcripts} ${get} no consequences, for ${their} coding parts overlap or are out of phase (ribosomal slippage).`;
}

function readFeature(line: string, number: number, file: SourceFile): Feature {
  const columns = line.split("\t");
  const [seqid = "", , type = "", start = "", end = "", , strand = "", phase = "", attributes = ""] = columns;
  if (columns.length !== 9)
    throw file.problem(
      number,
      `the feature has ${columns.length} of 9 columns.`,
      "Is the file cut? Download it again.",
    );
  if (!/^\d+$/.test(start) || !/^\d+$/.test(end) || Number(end) < Number(start))
    throw file.problem(number, `"${start}" to "${end}" is no stretch.`, "Download the file again.");
  return {
    seqid,
    type,
    start: Number(start),
    end: Number(end),
    strand: strand === "-" ? "-" : "+",
    phase: /^[012]$/.test(phase) ? phase : "0",
    attributes: new Map(
      attributes.split(";").flatMap((field) => {
        const equals = field.indexOf("=");
        return equals === -1 ? [] : [[field.slice(0, equals).trim(), field.slice(equals + 1).trim()] as const];
      }),
    ),
  };
}

function citation(file: SourceFile, header: readonly string[], { build }: Target): PackManifestSource {
  return {
    file: file.name,
    ...providerOf(header, file.name),
    version: "",
    sha256: file.sha256(),
    note: "",
    ...releaseOf(header, file.name),
    kinds: ["genes"],
    builds: [build],
  };
}

function releaseOf(header: readonly string[], fileName: string): Pick<PackManifestSource, "release" | "date"> {
  const value = (start: string) =>
    header
      .find((line) => line.startsWith(start))
      ?.slice(start.length)
      .trim() ?? "";
  if (value("#provider:") === "GENCODE")
    return { release: /, version (\w+)/.exec(value("#description:"))?.[1] ?? "", date: dateText(value("#date:")) };
  const refseq = value("#!annotation-source ");
  const [month, day, year] = value("#!annotation-date ").split("/");
  const ofFileName = /\.(\d{2,3})\./.exec(fileName)?.[1] ?? value("#!genome-build ");
  return {
    release: refseq === "" ? ofFileName : (refseq.split(" ").at(-1) ?? ""),
    date: dateText(year === undefined ? value("#!genebuild-last-updated ") : `${year}-${month}-${day}`),
  };
}

/** Who made the file, by its header; a file that does not say is cited by its name. */
function providerOf(
  header: readonly string[],
  fileName: string,
): Pick<PackManifestSource, "name" | "from" | "licence"> {
  const has = (pattern: RegExp) => header.some((line) => pattern.test(line));
  if (has(/^#!(?:annotation-source|processor NCBI)/))
    return { name: "RefSeq genes and transcripts", from: "NCBI", licence: "public domain" };
  if (has(/^#!genebuild-last-updated/))
    return { name: "Ensembl genes and transcripts", from: "Ensembl", licence: "free, with citation" };
  if (has(/^#provider: *GENCODE/))
    return { name: "GENCODE genes and transcripts", from: "GENCODE", licence: "free, with citation" };
  return { name: `Genes and transcripts of ${fileName}`, from: "", licence: "see the source" };
}
