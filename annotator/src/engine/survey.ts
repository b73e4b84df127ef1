import { canonicalContig } from "../vcf/contigs.ts";
import { type Header, HeaderReader } from "../vcf/header.ts";
import type { Input } from "../vcf/input.ts";
import { detached, lineBlocks, linesOf } from "../vcf/lines.ts";
import { readRecord } from "../vcf/record.ts";

/** Reads only as far as the #CHROM line. Throws AnnotationFailure when there is none. */
export async function readHeader(input: Input): Promise<Header> {
  const reader = new HeaderReader();
  for await (const block of lineBlocks(input.read())) {
    for (const line of linesOf(block)) {
      const header = reader.take(line);
      if (header !== undefined) return header;
    }
  }
  return reader.finish();
}

/** Reads the whole file once for the largest position on each contig. */
export async function largestPositions(input: Input): Promise<Map<string, number>> {
  const byName = new Map<string, number>();
  for await (const block of lineBlocks(input.read())) {
    for (const line of linesOf(block)) {
      if (line.startsWith("#")) continue;
      const record = readRecord(line);
      if ("problem" in record) continue;
      const largest = byName.get(record.chrom);
      if (largest === undefined) byName.set(detached(record.chrom), record.pos);
      else if (record.pos > largest) byName.set(record.chrom, record.pos);
    }
  }
  const byContig = new Map<string, number>();
  for (const [name, pos] of byName) {
    const contig = canonicalContig(name);
    byContig.set(contig, Math.max(pos, byContig.get(contig) ?? 0));
  }
  return byContig;
}
