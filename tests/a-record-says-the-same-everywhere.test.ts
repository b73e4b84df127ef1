import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bcftoolsVersion } from "../annotator/src/engine/consequences.ts";
import { runEngine } from "../annotator/src/engine/engine.ts";
import { upload } from "../annotator/src/jobs/objects.ts";
import { openPack } from "../annotator/src/pack/pack.ts";
import { createToken } from "../shared/src/accounts/api-tokens.ts";
import { startTestCloud } from "../testing/src/local-cloud/test-cloud.ts";
import { startTestApp, type TestApp } from "../testing/src/user-app/test-app.ts";

// A pack made by the command of small files in each real format, GENCODE's GFF3 among them; a job with it; and what
// page, VCF, TSV, CSV and API say of each ALT, held against what bcftools reads in the result.

const ROOT = join(import.meta.dirname, "..");
const CASES = join(ROOT, "annotator/src/pack/make/cases");
const hasBcftools = (await bcftoolsVersion()) !== null;
const directory = mkdtempSync(join(tmpdir(), "same-"));
const inputPath = join(directory, "job.vcf");
/** Records of several ALTs: each with consequences of its own, all with the same, and some without any. */
const MULTIALLELIC = [
  ["140", "G", "A,T,*"],
  ["158", "G", "<DEL>,A"],
  ["201", "T", "C,G"],
  ["230", "GC", "G,GCA,TT"],
] as const;
const outputPath = join(directory, "job.annot.vcf");

/** What is compared of an ALT; texts are empty where nothing is known. */
interface Told {
  readonly pos: string;
  readonly alt: string;
  readonly consequence: string;
  readonly transcript: string;
  readonly clinvar: string;
  readonly rs: string;
  readonly frequency: string;
}

const known = (value: string | undefined) => (value === undefined || value === "." ? "" : value);
const distinct = (values: readonly string[]) => [...new Set(values)].filter((value) => value !== "");

/** What bcftools csq says of each ALT that is a sequence, in a record of its own, by `pos alt`. */
function calledByBcftools(pack: string): ReadonlyMap<string, readonly string[]> {
  const quietly = (args: readonly string[]) =>
    execFileSync("bcftools", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const records = quietly(["query", "-f", "%POS\t%REF\t%ALT\n", inputPath]).trim().split("\n");
  const [fasta = "", gff = ""] = ["grch38-reference.fa", "grch38-transcripts.gff3"].map((name) => join(pack, name));
  const sequence = readFileSync(fasta, "latin1").split("\n").slice(1).join("");
  const rows = records.flatMap((record) => {
    const [pos = "", ref = "", alts = ""] = record.split("\t");
    // csq ends at a REF that is not the reference's.
    if (!sequence.startsWith(ref, Number(pos) - 1)) return [];
    return alts
      .split(",")
      .flatMap((alt) => (/^[ACGT]+$/.test(alt) ? [["9", pos, `${pos}_${alt}`, ref, alt, ".", ".", "."]] : []));
  });
  const header = "##fileformat=VCFv4.2\n##contig=<ID=9,length=500>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
  const sites = join(directory, "split.vcf");
  writeFileSync(sites, header + rows.map((columns) => `${columns.join("\t")}\n`).join(""));
  const called = quietly(["csq", "-l", "-f", fasta, "-g", gff, sites]);
  return new Map(
    called.split("\n").flatMap((line) => {
      const [, , id = "", , , , , info = ""] = line.split("\t");
      const values = /(?:^|;)BCSQ=([^;]*)/.exec(info)?.[1];
      return values === undefined ? [] : [[id.replace("_", " "), values.split(",")] as const];
    }),
  );
}

/** By bcftools, which knows nothing of our reader; consequences as bcftools csq calls each ALT alone. */
function readByBcftools(called: ReadonlyMap<string, readonly string[]>): Told[] {
  const format = "%POS\t%ALT\t%INFO/GAS_CLINVAR\t%INFO/GAS_RS\t%INFO/GAS_AF\n";
  const rows = execFileSync("bcftools", ["query", "-f", format, outputPath], { encoding: "utf8" }).trim().split("\n");
  return rows.flatMap((row) => {
    const [pos = "", alts = "", ...values] = row.split("\t");
    const [clinvar, rs, frequencies] = values.map((value) => known(value).split(","));
    return alts.split(",").map((alt, index) => {
      const parts = (called.get(`${pos} ${alt}`) ?? []).map((value) => value.split("|"));
      return {
        pos,
        alt,
        consequence: distinct(parts.map(([term = ""]) => term)).join(","),
        transcript: distinct(parts.map(([, , transcript = ""]) => transcript)).join(","),
        clinvar: decodeURIComponent(known(clinvar?.[index]).split("|")[1] ?? ""),
        rs: known(rs?.[index]),
        frequency: known(frequencies?.[index]),
      };
    });
  });
}

/** Rows of a table as objects by its head. */
function byHead([head = [], ...rows]: readonly (readonly string[])[]): Record<string, string>[] {
  return rows.map((cells) => Object.fromEntries(head.map((name, index) => [name, cells[index] ?? ""])));
}

function fromTable(row: Record<string, string>): Told {
  const { pos = "", alt = "", consequence = "", transcript = "", clinvar_class = "", rs = "", frequency = "" } = row;
  return { pos, alt, consequence, transcript, clinvar: clinvar_class, rs, frequency };
}

/** RFC 4180. */
function csvCells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'),
  );
}

/** The rows of a page's table, cells as a reader sees them. */
function cellsOf(html: string): string[][] {
  const table = /<table class="eg-table app-records">([\s\S]*?)<\/table>/.exec(html)?.[1] ?? "";
  return [...table.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = ""]) =>
      cell
        .replaceAll(/<[^>]*>/g, "")
        .replaceAll("&amp;", "&")
        .replaceAll("&gt;", ">")
        .replaceAll("&lt;", "<")
        .trim(),
    ),
  );
}

const words = (text: string) => (text === "" ? "–" : text.replaceAll(",", ", "));

describe.skipIf(!hasBcftools)("a record of a made pack's job (skipped: bcftools is not installed)", () => {
  let app: TestApp;
  let jobId: string;
  let token: string;
  let told: Told[];
  let annotated: Buffer;

  beforeAll(async () => {
    const path = (name: string) => join(CASES, name);
    const sources = {
      clinvar: path("clinvar.vcf"),
      dbsnp: path("GCF_000001405.40.vcf"),
      frequencies: path("gnomad.genomes.v4.1.sites.chr9.vcf"),
      gff: path("gencode.v49.annotation.gff3"),
      fasta: path("GRCh38_latest_genomic.fna"),
    };
    const args = Object.entries(sources).flatMap(([kind, file]) => [`--${kind}`, file]);
    const out = join(directory, "pack");
    execFileSync("npm", ["run", "-s", "pack", "--", "--build", "GRCh38", ...args, "--out", out], { cwd: ROOT });
    const lines = readFileSync(path("job.vcf"), "utf8").trimEnd().split("\n");
    const more = MULTIALLELIC.map((columns) => [
      "chr9",
      columns[0],
      ".",
      ...columns.slice(1),
      "50",
      "PASS",
      ".",
      "GT",
      "0/1",
    ]);
    const place = (line: string) => (line.startsWith("#") ? 0 : Number(line.split("\t")[1]));
    const all = [...lines, ...more.map((columns) => columns.join("\t"))].toSorted((a, b) => place(a) - place(b));
    writeFileSync(inputPath, `${all.join("\n")}\n`);
    const logPath = join(directory, "log");
    const summary = await runEngine({
      inputPath,
      outputPath,
      logPath,
      workDirectory: directory,
      fileName: "job.vcf",
      pack: openPack(out),
      build: null,
    });
    annotated = readFileSync(outputPath);
    told = readByBcftools(calledByBcftools(out));

    app = await startTestApp(await startTestCloud());
    const userId = await app.makeUser("ada");
    token = await createToken(app.db, { audience: "user", userId, name: "t", scope: "read", expiresAt: null });
    jobId = randomUUID();
    const [resultKey, logKey, inputKey] = ["job.annot.vcf", "job.vcf.count.log", "job.vcf"].map(
      (name) => `test/${userId}/${jobId}~${name}`,
    ) as [string, string, string]; // one for each name
    const signal = AbortSignal.timeout(60_000);
    await upload(app.s3, { bucket: "test-results", key: resultKey }, { path: outputPath, signal });
    await upload(app.s3, { bucket: "test-results", key: logKey }, { path: logPath, signal });
    const at = new Date();
    await app.db
      .insertInto("jobs")
      .values({
        ...{ id: jobId, userId, inputName: "job.vcf", inputKey, inputEtag: "e", inputSize: 1_000 },
        ...{ status: "COMPLETED", startedAt: at, completedAt: at, resultKey, logKey, resultSize: annotated.length },
        summary: JSON.stringify(summary),
      })
      .execute();
  });
  afterAll(async () => {
    await app?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  const call = (path: string) =>
    fetch(new URL(`/api/v1/annotations/${jobId}${path}`, app.origin), {
      headers: { authorization: `Bearer ${token}` },
    });

  it("has all kinds of values, so that there is something to compare", () => {
    for (const key of ["consequence", "transcript", "clinvar", "rs", "frequency"] as const)
      expect([key, told.filter((each) => each[key] !== "").length > 2]).toEqual([key, true]);
    expect(told.find(({ pos, alt }) => pos === "135" && alt === "T")).toEqual({
      pos: "135",
      alt: "T",
      consequence: "missense",
      transcript: "ENST00000900001.2",
      clinvar: "Pathogenic/Likely_pathogenic|risk_factor",
      rs: "rs9002",
      frequency: "6.57895e-06",
    });
  });

  it("has consequences of each ALT alone", () => {
    const of = (pos: string) =>
      told.filter((each) => each.pos === pos).map(({ alt, consequence }) => `${alt} ${consequence}`);
    expect(of("135")).toEqual(["T missense", "A missense"]);
    expect(of("140")).toEqual(["A missense", "T missense", "* "]);
    expect(of("158")).toEqual(["<DEL> ", "A splice_region,missense"]);
    expect(of("201")).toEqual(["C intron", "G intron"]);
    expect(new Set(of("230").map((each) => each.split(" ")[1])).size).toBeGreaterThan(1);
  });

  it("is in the VCF that the API gives, plain and packed, as the engine wrote it", async () => {
    expect(Buffer.from(await (await call("/result")).arrayBuffer()).equals(annotated)).toBe(true);
    const packed = Buffer.from(await (await call("/result?format=vcf.gz")).arrayBuffer());
    expect(gunzipSync(packed).equals(annotated)).toBe(true);
  });

  it("is in TSV and CSV", async () => {
    const tsv = (await (await call("/result?format=tsv")).text()).trimEnd().split("\n");
    expect(byHead(tsv.map((line) => line.split("\t"))).map(fromTable)).toEqual(told);
    const csv = (await (await call("/result?format=csv")).text()).trimEnd().split("\r\n");
    expect(byHead(csv.map(csvCells)).map(fromTable)).toEqual(told);
  });

  it("is on the page of the whole result", async () => {
    const browser = await app.signedIn("ada");
    const columns = ["alt", "consequence", "transcript", "clinvar", "dbsnp", "frequency"];
    const { text } = await browser.get(
      `/annotations/${jobId}/records?${columns.map((name) => `columns=${name}`).join("&")}`,
    );
    const rows = byHead(cellsOf(text));
    expect(
      rows.map(({ Position, Alt, Transcript, dbSNP, Frequency }) => [Position, Alt, Transcript, dbSNP, Frequency]),
    ).toEqual(
      told.map(({ pos, alt, transcript, rs, frequency }) => [pos, alt, words(transcript), words(rs), words(frequency)]),
    );
    for (const [index, { consequence, clinvar }] of told.entries()) {
      const { Consequence = "", ClinVar = "" } = rows[index] ?? {};
      for (const term of consequence.split(",")) expect(Consequence).toContain(words(term.replaceAll("_", " ")));
      expect(ClinVar).toContain(words(clinvar.replaceAll("_", " ").replaceAll("|", ",")));
    }
  });

  it("is on the page of the job, a row for each record", async () => {
    const browser = await app.signedIn("ada");
    const rows = byHead(cellsOf((await browser.get(`/annotations/${jobId}`)).text));
    const positions = distinct(told.map(({ pos }) => pos));
    expect(rows.map(({ Position }) => Position)).toEqual(positions);
    for (const [index, pos] of positions.entries()) {
      const alleles = told.filter((each) => each.pos === pos);
      const { dbSNP = "", Frequency = "", Consequence = "", ClinVar = "" } = rows[index] ?? {};
      for (const { rs, frequency, consequence, clinvar } of alleles) {
        expect([pos, dbSNP, Frequency]).toEqual([pos, expect.stringContaining(rs), expect.stringContaining(frequency)]);
        for (const term of consequence.split(",")) expect(Consequence).toContain(term.replaceAll("_", " "));
        expect(ClinVar).toContain(clinvar.replaceAll("_", " ").replaceAll("|", ", "));
      }
    }
  });

  it("is counted by the API's summary", async () => {
    const { summary } = await (await call("")).json();
    const count = (values: readonly string[]) =>
      Object.fromEntries([...new Set(values)].map((name) => [name, values.filter((each) => each === name).length]));
    const asObject = (rows: { name: string; count: number }[]) =>
      Object.fromEntries(rows.map(({ name, count: times }) => [name, times]));
    const called = execFileSync("bcftools", ["query", "-f", "%INFO/BCSQ\n", outputPath], { encoding: "utf8" });
    const terms = called.split(/[\n,]/).flatMap((value) => (known(value) === "" ? [] : [value.split("|")[0] ?? ""]));
    expect(asObject(summary.consequences)).toEqual(count(terms));
    expect(asObject(summary.clinvarClasses)).toEqual(
      count(told.flatMap(({ clinvar }) => (clinvar === "" ? [] : [clinvar]))),
    );
    expect(summary.packSources).toContainEqual(
      expect.objectContaining({ name: "GENCODE genes and transcripts", release: "49", date: "2026-03-21" }),
    );
  });
});
