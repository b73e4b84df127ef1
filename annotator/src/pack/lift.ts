import type { Stretch } from "./stretch.ts";

/**
 * A gene that two builds have: `shift` leads from the first to the second where its length is that of the same
 * transcripts in both, null elsewhere.
 */
export interface Anchor extends Stretch {
  readonly shift: number | null;
  /** Shifts with which one end of the gene would be the same in both. */
  readonly endShifts: ReadonlySet<number>;
}

/** A stretch of the first build that lies in the second as it is, moved by `shift`. */
export interface LiftBlock extends Stretch {
  readonly shift: number;
}

/** Genes in between may have been annotated differently; more than this in a row end a block. */
const MAX_OTHERS = 3;

/**
 * Stretches between genes that agree, to the base, how far they are moved: at least two whole genes, then outwards as
 * long as an end of a gene agrees. One gene alone may agree by chance.
 */
export function liftBlocks(genes: readonly Anchor[]): LiftBlock[] {
  const sorted = [...genes].sort((a, b) => a.from - b.from);
  const blocks: LiftBlock[] = [];
  for (let first = 0; first < sorted.length; ) {
    const shift = sorted[first]?.shift ?? null;
    const last = shift === null ? first : furthest(sorted, { first, step: 1, agrees: (gene) => gene.shift === shift });
    if (shift !== null && last > first) {
      const agrees = (gene: Anchor) => gene.endShifts.has(shift);
      const members = sorted.slice(
        furthest(sorted, { first, step: -1, agrees }),
        furthest(sorted, { first: last, step: 1, agrees }) + 1,
      );
      const sure = members.filter((gene) => gene.shift === shift || agrees(gene));
      blocks.push({
        shift,
        from: Math.min(...sure.map(({ from }) => from)),
        to: Math.max(...sure.map(({ to }) => to)),
      });
      first = last + 1;
    } else first += 1;
  }
  return blocks;
}

/** How far a stretch is moved; null where no block holds it, or two that differ do. */
export function shiftOf(blocks: readonly LiftBlock[], { from, to }: Stretch): number | null {
  const shifts = new Set(blocks.filter((block) => block.from <= from && to <= block.to).map(({ shift }) => shift));
  const [only] = shifts;
  return shifts.size === 1 && only !== undefined ? only : null;
}

/** The stretches of the second build that blocks lead to, sorted, neighbours joined. */
export function liftedStretches(blocks: readonly LiftBlock[]): Stretch[] {
  const edges = [...new Set(blocks.flatMap(({ from, to }) => [from, to + 1]))].sort((a, b) => a - b);
  const stretches = edges.flatMap((from, index) => {
    const to = (edges[index + 1] ?? from) - 1;
    const shift = to < from ? null : shiftOf(blocks, { from, to });
    return shift === null ? [] : [{ from: from + shift, to: to + shift }];
  });
  const joined: Stretch[] = [];
  for (const stretch of stretches.sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && stretch.from <= last.to + 1)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, stretch.to) };
    else joined.push(stretch);
  }
  return joined;
}

function furthest(
  genes: readonly Anchor[],
  { first, step, agrees }: { first: number; step: 1 | -1; agrees: (gene: Anchor) => boolean },
): number {
  let reached = first;
  for (let at = first + step, others = 0; others <= MAX_OTHERS; at += step) {
    const gene = genes[at];
    if (gene === undefined) break;
    if (agrees(gene)) {
      reached = at;
      others = 0;
    } else others += 1;
  }
  return reached;
}
