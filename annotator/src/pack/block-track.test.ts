import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { BlockFile, BlockTrack } from "./block-track.ts";

const directory = mkdtempSync(join(tmpdir(), "blocks-"));
afterAll(() => rmSync(directory, { recursive: true }));
let made = 0;

/** A track of rows `pos, name`, with so many positions in each block. */
function track(rows: readonly (readonly [number, string])[], perBlock: number): BlockTrack {
  const positions = [...new Set(rows.map(([pos]) => pos))];
  const packed: Buffer[] = [];
  const index: string[] = [];
  let offset = 0;
  for (let at = 0; at < positions.length; at += perBlock) {
    const own = positions.slice(at, at + perBlock);
    const text = rows.filter(([pos]) => own.includes(pos)).map(([pos, name]) => `${pos}\t${name}\tof ${name}\n`);
    const block = deflateRawSync(text.join(""));
    index.push(`${own[0]}\t${offset}\t${block.length}`);
    packed.push(block);
    offset += block.length;
  }
  made += 1;
  const path = join(directory, `${made}`);
  writeFileSync(path, Buffer.concat(packed));
  return new BlockTrack(new BlockFile(path), index);
}

const names = fc.string({ unit: fc.constantFrom("A", "C"), minLength: 1, maxLength: 2 });

it("finds what begins at a position, and where nothing begins, in however many blocks the rows lie", () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), names), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 12 }), (unsorted, perBlock) => {
      const sorted = unsorted.toSorted(([a], [b]) => a - b);
      const blocks = track(sorted, perBlock);
      const text = ([pos, name]: readonly [number, string]) => `${pos}\t${name}\tof ${name}`;
      for (let pos = 1; pos <= 42; pos += 1) {
        const here = sorted.filter(([at]) => at === pos);
        expect(blocks.rowsAt(pos)).toEqual(here.map(text));
        expect(blocks.has(pos)).toBe(here.length > 0);
        for (const name of ["A", "AC", "C"])
          expect(blocks.find(pos, `${name}\t`)).toBe(here.some(([, own]) => own === name) ? `of ${name}` : undefined);
        const { from, to } = blocks.gap(pos);
        expect(from <= pos && pos <= to).toBe(true);
        if (here.length > 0) expect({ from, to }).toEqual({ from: pos, to: pos });
        else expect(sorted.filter(([at]) => at >= from && at <= to)).toEqual([]);
        const before = sorted.findLastIndex(([at]) => at <= pos);
        const upTo = sorted.filter(([at], index) => at <= pos + 3 && index >= Math.max(0, before));
        expect(blocks.rowsFromLastBefore(pos, pos + 3)).toEqual(upTo.map(text));
      }
    }),
    { numRuns: 50 },
  );
});
