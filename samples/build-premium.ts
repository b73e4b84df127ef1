import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { parseCommandLine, readCommandLine, UsageError } from "../shared/src/command-line.ts";

const DEFAULT_RECORDS = 12_000;
const USAGE = `npm run samples:premium -- FILE [RECORDS]
Writes a VCF above the Free limit: ClinVar variants of the annotation pack, from all chromosomes.
RECORDS: 1 to 99999, ${DEFAULT_RECORDS} when not given.`;
const PACK = join(import.meta.dirname, "../annotator/pack");
const Manifest = z.object({
  builds: z.object({
    GRCh38: z.object({
      files: z.object({ clinvar: z.string() }),
      chromosomes: z.record(
        z.string(),
        z.object({ length: z.number().nullable(), clinvar: z.tuple([z.number(), z.number()]).optional() }),
      ),
    }),
  }),
});

const { path, records } = readCommandLine(USAGE, (args) => {
  const { positionals } = parseCommandLine({ args: [...args], allowPositionals: true });
  const [path, records = String(DEFAULT_RECORDS)] = positionals;
  if (path === undefined) throw new UsageError("No file was named.");
  if (!/^[1-9]\d{0,4}$/.test(records)) throw new UsageError(`RECORDS is 1 to 99999, not ${records}.`);
  return { path, records: Number(records) };
});
const { files, chromosomes } = Manifest.parse(JSON.parse(readFileSync(join(PACK, "pack.json"), "utf8"))).builds.GRCh38;
const packed = readFileSync(join(PACK, files.clinvar));
const known = Object.entries(chromosomes).flatMap(([name, { clinvar }]) => {
  if (clinvar === undefined) return [];
  const [offset, length] = clinvar;
  const lines = gunzipSync(packed.subarray(offset, offset + length))
    .toString()
    .trimEnd()
    .split("\n");
  return lines.map((line) => ({ chromosome: name === "MT" ? "chrM" : `chr${name}`, fields: line.split("\t") }));
});
// Evenly over the genome; more than there are gives all.
const wanted = Math.min(records, known.length);
const chosen = Array.from({ length: wanted }, (_, index) => known[Math.floor((index * known.length) / wanted)]);
const contigs = Object.entries(chromosomes).flatMap(([name, { length }]) =>
  length === null ? [] : [`##contig=<ID=${name === "MT" ? "chrM" : `chr${name}`},length=${length}>`],
);
const lines = [
  "##fileformat=VCFv4.3",
  "##source=Elastic GAS sample: ClinVar variants, invented genotypes",
  "##reference=GRCh38",
  ...contigs,
  '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
  "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tSAMPLE",
  ...chosen.map((variant, index) => {
    const [position, ref, alt, , rs] = variant?.fields ?? [];
    const id = rs ? `rs${rs}` : ".";
    return [variant?.chromosome, position, id, ref, alt, "60", "PASS", ".", "GT", index % 3 ? "0/1" : "1/1"].join("\t");
  }),
];
const content = `${lines.join("\n")}\n`;
const to = resolve(process.env.INIT_CWD ?? process.cwd(), path);
writeFileSync(to, content);
console.log(`${to}: ${wanted} records, ${Math.round(content.length / 1024)} KB`);
