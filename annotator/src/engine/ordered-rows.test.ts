import fc from "fast-check";
import { expect, it } from "vitest";
import { NotSorted, OrderedRows } from "./ordered-rows.ts";

interface Row {
  readonly contig: string;
  readonly pos: number;
}

/** The rows that come out, with their number; they are taken out also in between. */
function ordered(rows: readonly Row[], { takeEvery = 1, isSortedLater = false } = {}): string[] {
  const ordering = new OrderedRows(isSortedLater);
  let text = "";
  for (const [number, { contig, pos }] of rows.entries()) {
    const row = `${contig}\t${pos}\t${number}\n`;
    const sink = ordering.behindAll(contig, pos);
    if (sink === null) ordering.insert(pos, row);
    else sink.write(row);
    if (number % takeEvery === 0) text += ordering.take(false).toString("latin1");
  }
  text += ordering.take(true).toString("latin1");
  return text.split("\n").slice(0, -1);
}

const named = (rows: readonly Row[]) => rows.map(({ contig, pos }, number) => `${contig}\t${pos}\t${number}`);
const positionOf = (row: string) => Number(row.split("\t")[1]);

it("puts rows of a contig in order, and leaves those of one position as they came", () => {
  const positions = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 30 });
  fc.assert(
    fc.property(positions, positions, (first, second) => {
      const rows = [
        ...first.map((pos) => ({ contig: "chr1", pos })),
        ...second.map((pos) => ({ contig: "2", pos: pos * 10 })),
      ];
      const of = (contig: string) =>
        named(rows)
          .filter((row) => row.startsWith(`${contig}\t`))
          .toSorted((a, b) => positionOf(a) - positionOf(b));
      expect(ordered(rows)).toEqual([...of("chr1"), ...of("2")]);
    }),
  );
});

const ascending = (count: number) => Array.from({ length: count }, (_, index) => ({ contig: "1", pos: index + 1 }));

it("moves a row over two thousand others, also when rows were taken out before, and refuses to move it over all", () => {
  const before = named(ascending(20_000));
  for (const takeEvery of [1, 7, 5_000, 30_000]) {
    const near = ordered([...ascending(20_000), { contig: "1", pos: 18_000 }], { takeEvery });
    expect(near).toEqual([...before.slice(0, 18_000), "1\t18000\t20000", ...before.slice(18_000)]);
    expect(() => ordered([...ascending(20_000), { contig: "1", pos: 10 }], { takeEvery })).toThrow(NotSorted);
  }
});

it("refuses a contig that comes again", () => {
  const rows = ["1", "2", "1"].map((contig) => ({ contig, pos: 5 }));
  expect(() => ordered(rows)).toThrow(NotSorted);
});

it("leaves rows that are sorted later as they come", () => {
  const rows = [...ascending(20_000).toReversed(), { contig: "2", pos: 1 }, { contig: "1", pos: 9 }];
  expect(ordered(rows, { isSortedLater: true })).toEqual(named(rows));
});
