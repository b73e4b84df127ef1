import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it, onTestFinished } from "vitest";
import { bgzip } from "./bgzip.ts";
import { NotIndexable, tabixIndex } from "./tabix-index.ts";

const HEAD =
  '##fileformat=VCFv4.2\n##contig=<ID=1>\n##contig=<ID=2>\n##INFO=<ID=END,Number=1,Type=Integer,Description="x">\n';
const COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
const record = (chrom: string, pos: number, info = ".") => `${chrom}\t${pos}\t.\tA\tT\t.\t.\t${info}\n`;
const vcf = (...records: readonly string[]) => `${HEAD}${COLUMNS}${records.join("")}`;
const always = () => undefined;

async function* chunksOf(text: string, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
}

it("lets bcftools find the records of any region, over many blocks and windows", async ({ skip }) => {
  try {
    execFileSync("bcftools", ["--version"], { stdio: "ignore" });
  } catch {
    skip();
  }
  const positions = Array.from({ length: 20_000 }, (_, index) => 1 + index * 97);
  const text = vcf(
    record("1", 500).replace("A\tT", `${"A".repeat(40_000)}\tT`), // reaches over several windows
    ...positions.slice(10).map((pos) => record("1", pos)),
    ...positions.map((pos) => record("2", pos)),
  );
  const folder = mkdtempSync(join(tmpdir(), "tabix-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "x.vcf.gz");
  const packed: Uint8Array[] = [];
  for await (const block of bgzip(chunksOf(text))) packed.push(block);
  writeFileSync(path, Buffer.concat(packed));
  writeFileSync(`${path}.tbi`, await tabixIndex(chunksOf(text, 777), always));
  const found = (region: string) =>
    execFileSync("bcftools", ["query", "-r", region, "-f", "%CHROM:%POS\n", path]).toString().trim().split("\n");
  expect(found("2:970000-970200")).toEqual(["2:970001", "2:970098", "2:970195"]);
  expect(found("2:1-100")).toEqual(["2:1", "2:98"]);
  const near = positions.filter((pos) => pos >= 39_000 && pos <= 39_100).map((pos) => `1:${pos}`);
  expect(found("1:39000-39100")).toEqual(["1:500", ...near]);
  expect(found("2")).toHaveLength(20_000);
});

it("is an index also of a result without records, and of a last line without its end", async () => {
  expect(gunzipSync(await tabixIndex(chunksOf(vcf()), always)).toString("latin1", 0, 8)).toBe("TBI\x01\0\0\0\0");
  const cut = vcf(record("1", 5)).trimEnd();
  expect(gunzipSync(await tabixIndex(chunksOf(cut), always)).readInt32LE(4)).toBe(1);
});

it.each([
  ["positions", vcf(record("1", 9), record("1", 8)), "Its records are not sorted by position."],
  ["contigs", vcf(record("1", 9), record("2", 8), record("1", 10)), "Its records are not sorted by position."],
  ["length", vcf(record("1", 536_870_913)), "It has positions beyond 536,870,912."],
  ["lines", vcf("1\tx\n"), "It has lines that are no records."],
])("says why a result can have none: %s", async (_, text, sentence) => {
  await expect(tabixIndex(chunksOf(text), always)).rejects.toThrow(new NotIndexable(sentence));
});

it("ends when the time is over", async () => {
  const check = () => {
    throw new NotIndexable("It takes too long here.");
  };
  await expect(tabixIndex(chunksOf(vcf(record("1", 9))), check)).rejects.toThrow("It takes too long here.");
});
