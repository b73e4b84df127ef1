import { execFileSync } from "node:child_process";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAlleles } from "./annotated-record.ts";
import { bgzip } from "./bgzip.ts";
import { findRecords, linesOf } from "./find-records.ts";
import { makeFilter, RecordFilter } from "./record-filter.ts";
import { tableHead, tableRow } from "./table-text.ts";

const CFTR =
  "chr7\t117559590\trs1\tATCT\tA,G\t50\tPASS\tAF=0.01,.;GAS_GENE=CFTR,CFTR%2CAS1;GAS_REGION=CDS,INTRON;GAS_BAND=7q31.2;GAS_CLINVAR=7105|Pathogenic|Cystic fibrosis&Bronchiectasis%2C idiopathic,.;GAS_RS=rs113993960,.;BCSQ=inframe_deletion|CFTR|ENST1,intron|CFTR|ENST2\tGT\t0/1";
const PLAIN = "1\t100\t.\tA\tT\t.\t.\tDP=3";

async function* chunksOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe("the ALTs of a record", () => {
  it("have their own ClinVar entry, rs number and frequency, and share the rest", () => {
    const [first, second] = readAlleles(CFTR);
    expect(first).toEqual({
      chrom: "chr7",
      pos: "117559590",
      id: "rs1",
      ref: "ATCT",
      alt: "A",
      qual: "50",
      filter: "PASS",
      genes: "CFTR,CFTR,AS1",
      regions: "CDS,INTRON",
      band: "7q31.2",
      clinvarId: "7105",
      clinvarClass: "Pathogenic",
      clinvarConditions: "Cystic fibrosis; Bronchiectasis, idiopathic",
      rs: "rs113993960",
      consequences: "inframe_deletion,intron",
      frequency: "0.01",
      clinvarReview: "",
      transcripts: "ENST1,ENST2",
      proteinChanges: "",
      populations: "",
      tracks: "",
    });
    expect(second).toMatchObject({ alt: "G", clinvarId: "", clinvarClass: "", rs: "", frequency: "", band: "7q31.2" });
  });

  it("have what only some packs hold, whose frequencies count more than the file's own", () => {
    const line =
      "9\t135\t.\tC\tT,A\t.\t.\tAF=0.5,0.1;GAS_CLINVAR=1|Benign|,.;GAS_CLINVAR_REVIEW=criteria_provided%2C_single_submitter,.;GAS_AF=6.6e-06,.;GAS_AF_POP=afr:0|nfe:1.5e-05,.;GAS_TRACK=miRNA:hsa-mir-1,segDup;GAS_HGVS=T1:p.(Ala2%3D)";
    const [first, second] = readAlleles(line);
    expect(first).toMatchObject({
      frequency: "6.6e-06",
      populations: "afr:0; nfe:1.5e-05",
      clinvarReview: "criteria_provided,_single_submitter",
      tracks: "miRNA:hsa-mir-1,segDup",
      proteinChanges: "T1:p.(Ala2=)",
    });
    expect(second).toMatchObject({
      frequency: "",
      populations: "",
      clinvarReview: "",
      tracks: "miRNA:hsa-mir-1,segDup",
    });
  });

  it("have their own consequences where the record tells which are whose, else those of the record", () => {
    const called = "BCSQ=missense|G|T1,intron|G|T2,stop_gained|G|T1;GAS_HGVS=T1:p.(Ala2Val),T1:p.(Ala2Ter)";
    const line = (more: string) => `9\t135\t.\tC\tT,A,*\t.\t.\t${called}${more}`;
    const told = (more: string) =>
      readAlleles(line(more)).map(({ consequences, transcripts, proteinChanges }) =>
        [consequences, transcripts, proteinChanges].join(" "),
      );
    const own = ["missense,intron T1,T2 T1:p.(Ala2Val)", "intron,stop_gained T2,T1 T1:p.(Ala2Ter)", "  "];
    expect(told(";GAS_BCSQ_ALT=1,1&2,2;GAS_HGVS_ALT=1,2")).toEqual(own);
    const all = "missense,intron,stop_gained T1,T2 T1:p.(Ala2Val),T1:p.(Ala2Ter)";
    expect(told("")).toEqual([all, all, all]);
    // Numbers that do not belong to these values.
    expect(told(";GAS_BCSQ_ALT=1;GAS_HGVS_ALT=1")).toEqual([all, all, all]);
    const filtered = readAlleles(line(";GAS_BCSQ_ALT=1,1&2,2")).filter(
      makeFilter(RecordFilter.parse({ consequence: "stop" })) as (allele: unknown) => boolean,
    );
    expect(filtered.map(({ alt }) => alt)).toEqual(["A"]);
  });

  it("are read as the UTF-8 that was written byte for byte, or as Latin-1", () => {
    const [utf8, latin1] = [
      "1\t5\t.\tA\tT\t.\t.\tGAS_CLINVAR=1|Benign|Sj%C3%B6gren%20syndrome",
      "1\t5\t.\tA\tT\t.\t.\tGAS_CLINVAR=1|Benign|Sj%F6gren%20syndrome",
    ].flatMap(readAlleles);
    expect([utf8?.clinvarConditions, latin1?.clinvarConditions]).toEqual(["Sjögren syndrome", "Sjögren syndrome"]);
  });

  it("are empty where the file says nothing, and none of lines that are no records", () => {
    expect(readAlleles(PLAIN)).toMatchObject([{ id: "", qual: "", filter: "", genes: "", regions: "" }]);
    for (const line of ["", "##fileformat=VCFv4.3", "#CHROM\tPOS", "no record"]) expect(readAlleles(line)).toEqual([]);
  });
});

describe("filters", () => {
  const found = (filter: Partial<RecordFilter>) => {
    const matches = makeFilter(RecordFilter.parse(filter));
    if (typeof matches === "string") return matches;
    return [CFTR, PLAIN]
      .flatMap(readAlleles)
      .filter(matches)
      .map(({ alt }) => alt)
      .join("");
  };
  it.each([
    [{}, "AGT"],
    [{ gene: "cftr" }, "AG"],
    [{ gene: "CFT" }, ""],
    [{ gene: "BRCA2, cftr" }, "AG"],
    [{ gene: "," }, ""],
    [{ gene: "x".repeat(600) }, ""],
    [{ region: "x".repeat(600) }, ""],
    [{ region: "intron" }, "AG"],
    [{ consequence: "inframe" }, "AG"],
    [{ clinvar: "any" }, "A"],
    [{ clinvar: "none" }, "GT"],
    [{ clinvar: "pathogenic" }, "A"],
    [{ clinvar: "benign" }, ""],
    [{ frequency: "0.001" }, "GT"],
    [{ frequency: "0.01" }, "AGT"],
    [{ frequency: "rare" }, "The frequency is a number from 0 to 1, such as 0.01."],
    [{ place: "7" }, "AG"],
    [{ place: "chr1:100" }, "T"],
    [{ place: "chr1:101-200" }, ""],
    [{ place: "chr7:117,559,000-117,560,000" }, "AG"],
    [{ place: "chr1:200-101" }, "The place ends before it begins. Give the smaller position first."],
    [{ place: "7:x" }, "The place is a chromosome, or a stretch such as chr7:117480000-117670000."],
    [{ gene: "CFTR", clinvar: "any", place: "chr7" }, "A"],
  ] as const)("%j lets through %j", (filter, expected) => {
    expect(found(filter)).toBe(expected);
  });
});

it.each([
  ["pathogenic", "Pathogenic/Likely_pathogenic", true],
  ["pathogenic", "Likely_pathogenic|risk_factor", true],
  ["pathogenic", "Conflicting_classifications_of_pathogenicity", false],
  ["likely pathogenic", "Pathogenic/Likely_pathogenic", true],
  ["likely_pathogenic", "Pathogenic", false],
  ["benign", "Likely_benign", true],
  ["uncertain", "Uncertain_significance", true],
  ["conflicting", "Conflicting_classifications_of_pathogenicity", true],
] as const)("ClinVar %j lets %s through: %s", (clinvar, significance, expected) => {
  const [allele] = readAlleles(`1\t5\t.\tA\tT\t.\t.\tGAS_CLINVAR=1|${significance}|`);
  const matches = makeFilter(RecordFilter.parse({ clinvar }));
  if (typeof matches === "string" || allele === undefined) throw new Error("no filter or no ALT");
  expect(matches(allele)).toBe(expected);
});

it.each(["7", "chr7", "NC_000007.13", "chr7:117,199,644"])("place %s finds what is on NC_000007.13", (place) => {
  const [allele] = readAlleles("NC_000007.13\t117199644\t.\tA\tT\t.\t.\tDP=1");
  const matches = makeFilter(RecordFilter.parse({ place }));
  if (typeof matches === "string" || allele === undefined) throw new Error("no filter or no ALT");
  expect(matches(allele)).toBe(true);
});

it("a filter that is given twice is one of both, not none", () => {
  expect(RecordFilter.parse({ gene: ["CFTR", "BRCA2"] }).gene).toBe("CFTR,BRCA2");
});

describe("looking through a result", () => {
  const text = `##fileformat=VCFv4.3\r\n#CHROM\r\n${CFTR}\r\n${PLAIN}`;

  it("finds the same however the text is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 5 }), async (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const parts = at.slice(1).map((end, index) => text.slice(at[index], end));
        const all = await findRecords(linesOf(chunksOf(...parts)), {
          matches: () => true,
          limit: 2,
          isOver: () => false,
        });
        expect(all).toMatchObject({ matching: 3, lookedAt: 3, isWhole: true });
        expect(all.alleles.map(({ alt }) => alt)).toEqual(["A", "G"]);
      }),
      { numRuns: 50 },
    );
  });

  it("stops when the time is over, and says so", async () => {
    const lines = linesOf(chunksOf(`${CFTR}\n`, `${PLAIN}\n`));
    const some = await findRecords(lines, { matches: () => true, limit: 9, isOver: () => true });
    expect(some).toMatchObject({ lookedAt: 2, isWhole: false });
  });
});

describe("tables", () => {
  it("have one row for each ALT, as TSV and CSV", () => {
    const [first] = readAlleles(CFTR);
    if (first === undefined) throw new Error("no ALT");
    expect(tableHead("tsv").split("\t")).toHaveLength(tableRow(first, "tsv").split("\t").length);
    expect(tableRow(first, "tsv")).toContain(
      "CFTR,CFTR,AS1\tCDS,INTRON\t7q31.2\tinframe_deletion,intron\tENST1,ENST2\t\t7105",
    );
    expect(tableRow(first, "csv")).toContain('"CFTR,CFTR,AS1","CDS,INTRON",7q31.2');
    expect(tableHead("csv").endsWith("\r\n")).toBe(true);
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+cmd", "'+cmd"],
    ["-", "'-"],
    ["@x", "'@x"],
    ["-5.5", "-5.5"],
    ["1e-5", "1e-5"],
    ["rs1", "rs1"],
  ])("write %j as %j, so that no spreadsheet calculates it", (cell, expected) => {
    const [allele] = readAlleles(PLAIN);
    if (allele === undefined) throw new Error("no ALT");
    expect(tableRow({ ...allele, id: cell }, "tsv").split("\t")[2]).toBe(expected);
  });
});

describe("BGZF", () => {
  it("unpacks to what was packed, in blocks below 64 KB, and ends with the marker", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200_000 }), { maxLength: 3 }), async (parts) => {
        const packed = await collect(bgzip(chunksOf(...parts)));
        expect(gunzipSync(packed).equals(Buffer.concat(parts))).toBe(true);
        for (let at = 0; at < packed.length; at += packed.readUInt16LE(at + 16) + 1) {
          expect(packed.subarray(at, at + 2).toString("hex")).toBe("1f8b");
        }
        expect(packed.subarray(-28).toString("hex")).toBe("1f8b08040000000000ff0600424302001b0003000000000000000000");
      }),
      { numRuns: 20 },
    );
  });

  it("is read by bcftools, where that is installed", async ({ skip }) => {
    try {
      execFileSync("bcftools", ["--version"], { stdio: "ignore" });
    } catch {
      skip();
    }
    const vcf = `##fileformat=VCFv4.3\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\tT\t.\t.\t.\n`;
    const packed = await collect(bgzip(chunksOf(vcf)));
    const read = execFileSync("bcftools", ["query", "-f", "%CHROM:%POS\n", "-"], { input: packed }).toString();
    expect(read).toBe("1:5\n");
  });
});
