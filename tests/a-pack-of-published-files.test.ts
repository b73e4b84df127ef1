import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bcftoolsVersion } from "../annotator/src/engine/consequences.ts";
import { runEngine } from "../annotator/src/engine/engine.ts";
import { openPack } from "../annotator/src/pack/pack.ts";
import { JobSummary } from "../shared/src/jobs/summary.ts";
import { renderHtml } from "../shared/src/web/render-html.ts";
import { readAlleles } from "../user-app/src/annotations/results/annotated-record.ts";
import { makeFilter, RecordFilter } from "../user-app/src/annotations/results/record-filter.ts";
import { recordsView } from "../user-app/src/annotations/results/records-view.ts";
import { tableHead, tableRow } from "../user-app/src/annotations/results/table-text.ts";
import { firstRecords } from "../user-app/src/annotations/views/first-records.ts";
import { jobSummary } from "../user-app/src/annotations/views/job-summary.ts";
import { ApiJobWithSummary } from "../user-app/src/api/annotation-schemas.ts";

// From files in the formats of NCBI, gnomAD, UCSC and miRBase by the command to what a geneticist gets: VCF, table,
// page and API.

const ROOT = join(import.meta.dirname, "..");
const CASES = join(ROOT, "annotator/src/pack/make/cases");
const hasBcftools = (await bcftoolsVersion()) !== null;
const directory = mkdtempSync(join(tmpdir(), "published-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function annotate(file: string) {
  const [outputPath, logPath] = [join(directory, `${file}.out`), join(directory, `${file}.log`)];
  const summary = await runEngine({
    inputPath: join(CASES, file),
    outputPath,
    logPath,
    workDirectory: directory,
    fileName: file,
    pack: openPack(join(directory, "pack")),
    build: null,
  });
  const text = readFileSync(outputPath, "latin1");
  const log = readFileSync(logPath, "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  // As it is stored with the job and read by page and API.
  return { text, log, lines, summary: JobSummary.parse(JSON.parse(JSON.stringify(summary))) };
}

describe.skipIf(!hasBcftools)("a pack of published files (skipped: bcftools is not installed)", () => {
  let job: Awaited<ReturnType<typeof annotate>>;
  let said: string;
  beforeAll(async () => {
    const path = (name: string) => join(CASES, name);
    const sources = {
      clinvar: path("clinvar.vcf"),
      dbsnp: path("GCF_000001405.40.vcf"),
      frequencies: path("gnomad.genomes.v4.1.sites.chr9.vcf"),
      gff: path("GCF_000001405.40_GRCh38.p14_genomic.gff"),
      fasta: path("GRCh38_latest_genomic.fna"),
      chain: path("hg18ToHg38.over.chain"),
    };
    const args = Object.entries(sources).flatMap(([kind, file]) => [`--${kind}`, file]);
    const beds = ["--bed", `miRNA=${path("hsa-mirna.bed")}`, "--bed", `segDup=${path("segmental-duplications.bed")}`];
    said = execFileSync(
      "npm",
      ["run", "-s", "pack", "--", "--build", "GRCh38", ...args, ...beds, "--out", join(directory, "pack")],
      { cwd: ROOT, encoding: "utf8" },
    );
    job = await annotate("job.vcf");
  });

  it("is made by the command, which says what it took and left out", () => {
    expect(said).toMatch(/^ClinVar: 5 alleles in [\d.]+ s\n/);
    expect(said).toContain("Lift-over from NCBI36: 3 stretches\n");
    expect(said).toContain(`Set ANNOTATION_PACK to ${join(directory, "pack")}.`);
  });

  it("gives each record its consequence, frequency, rs number and ClinVar's class, and leaves the user's own alone", () => {
    const own = (line: string, index: number) => line.split("\t")[index];
    const given = readFileSync(join(CASES, "job.vcf"), "latin1")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    for (const [index, line] of job.lines.entries())
      for (const column of [0, 1, 3, 4, 5, 6, 8, 9]) expect(own(line, column)).toBe(own(given[index] ?? "", column));
    expect(job.lines.map((line) => `${own(line, 1)} ${own(line, 2)} ${own(line, 7)}`)).toEqual([
      "20 . DP=9;GAS_REGION=INTERGENIC;GAS_BAND=9p24.3",
      "60 rs8001 DP=9;GAS_REGION=INTERGENIC;GAS_BAND=9p24.3;GAS_RS=rs8001;GAS_AF=1.97368e-05;GAS_AF_POP=nfe:2.94e-05;GAS_TRACK=miRNA:hsa-mir-90002,segDup",
      "105 mine GAS_GENE=TOY1;GAS_REGION=UTR5;GAS_BAND=9p24.3;GAS_CLINVAR=1001|Benign|;GAS_CLINVAR_REVIEW=criteria_provided%2C_single_submitter;GAS_RS=rs9001;GAS_AF=0.31;GAS_AF_POP=afr:0.5|nfe:0.25;GAS_TRACK=segDup;BCSQ=5_prime_utr|TOY1|NM_900001.1|protein_coding",
      "135 rs9002 DP=9;GAS_GENE=TOY1;GAS_REGION=CDS;GAS_BAND=9p24.3;GAS_CLINVAR=1002|Pathogenic/Likely_pathogenic%7Crisk_factor|Toy%20syndrome%2C%20type%201&Another%20condition,.;GAS_CLINVAR_REVIEW=criteria_provided%2C_multiple_submitters%2C_no_conflicts,.;GAS_RS=rs9002,rs9002;GAS_AF=6.57895e-06,.;GAS_AF_POP=afr:0|nfe:1.47e-05,.;BCSQ=missense|TOY1|NM_900001.1|protein_coding|+|2A>2V|135C>T,missense|TOY1|NM_900001.1|protein_coding|+|2A>2E|135C>A;GAS_BCSQ_ALT=1,2;GAS_HGVS=NM_900001.1:p.(Ala2Val),NM_900001.1:p.(Ala2Glu);GAS_HGVS_ALT=1,2",
      "137 . DP=9;GAS_GENE=TOY1;GAS_REGION=CDS;GAS_BAND=9p24.3;GAS_CLINVAR=1003|Uncertain_significance|Toy%20syndrome%2C%20type%201;GAS_CLINVAR_REVIEW=criteria_provided%2C_single_submitter;BCSQ=missense|TOY1|NM_900001.1|protein_coding|+|3A>3T|137G>A;GAS_HGVS=NM_900001.1:p.(Ala3Thr)",
      "138 . DP=9;GAS_GENE=TOY1;GAS_REGION=CDS;GAS_BAND=9p24.3",
      "200 . DP=9;GAS_GENE=TOY1;GAS_REGION=INTRON;GAS_BAND=9p24.3;BCSQ=intron|TOY1||protein_coding",
      "222 . DP=9;GAS_GENE=TOY1;GAS_REGION=CDS;GAS_BAND=9p24.3;GAS_CLINVAR=1004|Conflicting_classifications_of_pathogenicity|Toy%20syndrome%2C%20type%201;GAS_CLINVAR_REVIEW=criteria_provided%2C_conflicting_classifications;BCSQ=splice_region|TOY1|NM_900001.1|protein_coding,missense|TOY1|NM_900001.1|protein_coding|+|11A>11E|222C>A;GAS_HGVS=NM_900001.1:p.(Ala11Glu)",
      expect.stringMatching(/^225 \. .*;BCSQ=frameshift\|TOY1\|.*;GAS_HGVS=NM_900001\.1:p\.\(Ala13fs\)$/),
      "300 . DP=9;GAS_GENE=TOY1;GAS_REGION=UTR3;GAS_BAND=9p24.3;BCSQ=3_prime_utr|TOY1|NM_900001.1|protein_coding",
      // Written at the end of its repeat: found at the start, by the sequence.
      "359 rs9005 DP=9;GAS_REGION=INTERGENIC;GAS_BAND=9p24.3;GAS_CLINVAR=1005|Likely_benign|;GAS_CLINVAR_REVIEW=no_assertion_criteria_provided;GAS_RS=rs9005;GAS_AF=0.02;GAS_AF_POP=afr:0.03|nfe:0.01",
      // bcftools 1.21 tells of genes that make no protein, 1.16 does not.
      expect.stringMatching(
        /^420 rs8004 DP=9;GAS_GENE=TOY1-AS1;GAS_REGION=EXON;GAS_BAND=9p24\.3;GAS_RS=rs8004;GAS_TRACK=miRNA:hsa-mir-90001(;BCSQ=non_coding\|TOY1-AS1\|\|lncRNA)?$/,
      ),
    ]);
    const declared = job.text.split("\n").flatMap((line) => /^##INFO=<ID=([^,]+)/.exec(line)?.[1] ?? []);
    const used = new Set(
      job.lines.flatMap((line) => (own(line, 7) ?? "").split(";").map((field) => field.split("=")[0])),
    );
    expect([...used].filter((key) => key !== "DP" && !declared.includes(key ?? ""))).toEqual([]);
  });

  it("is read by bcftools, with frequencies as numbers", () => {
    const rare = execFileSync("bcftools", [
      "query",
      "-i",
      "GAS_AF<0.01",
      "-f",
      "%POS\n",
      join(directory, "job.vcf.out"),
    ]);
    expect(rare.toString()).toBe("60\n135\n");
  });

  it("tells a REF that is not the build's, with its line and both bases", () => {
    expect(job.summary.warnings.map(({ sentence }) => sentence)).toEqual([
      "1 record has a REF that is not what the build has there: such records cannot be found by their alleles. It is line 11: chr9:138 is T in the file and C in GRCh38.",
    ]);
    expect(job.log).toContain("  ClinVar 2026-11-20; NCBI\n  dbSNP build 157; 2026-08-04; NCBI\n");
    expect(job.summary).toMatchObject({
      clinvarPathogenic: 1,
      lookedUp: { genes: 12, clinvar: 12, rs: 12, frequencies: 12, consequences: 12, sequence: 12 },
    });
  });

  it("fills the columns of the table, a row for each ALT", () => {
    const rows = job.lines.flatMap((line) => readAlleles(line).map((allele) => tableRow(allele, "tsv")));
    expect(rows).toHaveLength(13);
    const names = tableHead("tsv").trim().split("\t");
    const cells = (rows[3] ?? "").replace(/\n$/, "").split("\t");
    expect(Object.fromEntries(names.map((name, index) => [name, cells[index]]))).toEqual({
      chrom: "chr9",
      pos: "135",
      id: "rs9002",
      ref: "C",
      alt: "T",
      qual: "50",
      filter: "PASS",
      gene: "TOY1",
      region: "CDS",
      band: "9p24.3",
      consequence: "missense",
      transcript: "NM_900001.1",
      protein_change: "NM_900001.1:p.(Ala2Val)",
      clinvar_id: "1002",
      clinvar_class: "Pathogenic/Likely_pathogenic|risk_factor",
      clinvar_review: "criteria_provided,_multiple_submitters,_no_conflicts",
      clinvar_conditions: "Toy syndrome, type 1; Another condition",
      rs: "rs9002",
      frequency: "6.57895e-06",
      population_frequencies: "afr:0; nfe:1.47e-05",
      tracks: "",
    });
  });

  it("is shown on the page: columns of the records, and what the pack held", () => {
    const matches = makeFilter(
      RecordFilter.parse({ consequence: "missense", clinvar: "pathogenic", frequency: "0.01" }),
    );
    if (typeof matches === "string") throw new Error(matches);
    const alleles = job.lines.flatMap(readAlleles).filter(matches);
    const shown = renderHtml(
      recordsView({
        jobId: "00000000-0000-4000-8000-000000000000",
        name: "job.vcf",
        filter: RecordFilter.parse({}),
        found: { alleles, matching: alleles.length, lookedAt: 13, isWhole: true },
        problem: undefined,
        searchSeconds: 8,
      }),
    );
    for (const text of [
      "missense",
      "NM_900001.1:p.(Ala2Val)",
      "Pathogenic/Likely pathogenic, risk factor",
      ">rs9002<",
      ">6.57895e-06<",
    ])
      expect(shown).toContain(text);

    const first = renderHtml(firstRecords(job.summary, undefined));
    for (const text of [
      ">Consequence</th>",
      ">dbSNP</th>",
      ">Frequency</th>",
      ">Benign",
      ">5 prime utr<",
      ">rs9001<",
      ">0.31<",
    ])
      expect(first).toContain(text);

    const page = renderHtml(jobSummary(job.summary));
    expect(page).toContain("Looked up: ClinVar of 2026-11-20, all classes, with review status.");
    for (const text of [
      ">gnomAD<",
      ">v4.1 genomes<",
      ">build 157<",
      ">2026-08-04<",
      ">GCF_000001405.40-RS_2026_08<",
      ">miRBase 22.1<",
    ])
      expect(page).toContain(text);
  });

  it("is told by the API", () => {
    const summary = ApiJobWithSummary.shape.summary.parse(job.summary);
    expect(summary?.consequences).toContainEqual({ name: "missense", count: 4 });
    expect(summary?.clinvarClasses).toContainEqual({ name: "Pathogenic/Likely_pathogenic|risk_factor", count: 1 });
    expect(summary?.packSources?.map(({ name, release }) => `${name} ${release}`)).toContain("dbSNP build 157");
  });

  it("annotates a file of the chain's build at the places of its own, which stay in the result", async () => {
    const { lines, summary, log } = await annotate("job-ncbi36.vcf");
    expect(summary.build).toBe("NCBI36");
    expect(
      lines.map((line) =>
        line
          .split("\t")
          .filter((_, index) => index < 5)
          .join(" "),
      ),
    ).toEqual([
      "chr9 1105 rs9001 T C",
      "chr9 1135 rs9002 C T",
      "chr9 1205 . A G",
      "chr9 2081 rs8004 C T",
      "chr9 9000 . A G",
    ]);
    expect(lines[1]).toContain("GAS_HGVS=NM_900001.1:p.(Ala2Val)");
    // On the other strand, and where the builds differ.
    expect(lines[3]).toContain("GAS_GENE=TOY1-AS1;GAS_REGION=EXON;GAS_BAND=9p24.3;GAS_RS=rs8004");
    expect(lines[4]).toBe("chr9\t9000\t.\tA\tG\t50\tPASS\tGAS_BAND=9p24.3");
    expect(summary.lookedUp).toMatchObject({ genes: 3, clinvar: 3, rs: 3, consequences: 3 });
    expect(log).toContain("2 records lie where the build of the annotation pack has no counterpart");
    expect(summary.packSources?.map(({ name }) => name)).toContain("Lift-over from NCBI36");
  });
});
