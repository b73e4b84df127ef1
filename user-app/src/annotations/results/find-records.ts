import { type AnnotatedAllele, readAlleles } from "./annotated-record.ts";

export interface FoundRecords {
  /** The first that match. */
  readonly alleles: readonly AnnotatedAllele[];
  readonly matching: number;
  /** ALTs that were looked at: all, unless the time was over. */
  readonly lookedAt: number;
  readonly isWhole: boolean;
}

/** Looks through all records of a result, for as long as `isOver` says no. */
export async function findRecords(
  lines: AsyncIterable<readonly string[]>,
  {
    matches,
    limit,
    isOver,
  }: {
    readonly matches: (allele: AnnotatedAllele) => boolean;
    readonly limit: number;
    readonly isOver: () => boolean;
  },
): Promise<FoundRecords> {
  const alleles: AnnotatedAllele[] = [];
  let [matching, lookedAt] = [0, 0];
  for await (const some of lines) {
    for (const line of some) {
      for (const allele of readAlleles(line)) {
        lookedAt += 1;
        if (!matches(allele)) continue;
        matching += 1;
        if (alleles.length < limit) alleles.push(allele);
      }
    }
    if (isOver()) return { alleles, matching, lookedAt, isWhole: false };
  }
  return { alleles, matching, lookedAt, isWhole: true };
}

/** The lines of a text, as they arrive: all whole lines of a chunk at once. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield lines.map(withoutReturn);
  }
  if (rest !== "") yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
