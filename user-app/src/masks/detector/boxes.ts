import type { Candidate } from "./anchors.ts";

type Edges = Pick<Candidate, "left" | "top" | "right" | "bottom">;

/** Candidates of one pass that cover each other by more than this are one face. */
const SAME_PASS_IOU = 0.4;
/** So is what lies by more than this within another: one eye behind its glasses, a flower of a mask. */
const SAME_PASS_CONTAINMENT = 0.8;
/** Across passes (full picture, tiles) the same face is cut differently, so containment counts as well. */
const ACROSS_PASSES_IOU = 0.35;
const ACROSS_PASSES_CONTAINMENT = 0.4;

/** Intersection over union, 0 (apart) to 1 (equal). */
export function iou(a: Edges, b: Edges): number {
  const shared = intersection(a, b);
  const union = area(a) + area(b) - shared;
  return union > 0 ? shared / union : 0;
}

/** Intersection over the smaller box: 1 when one lies inside the other. */
export function containment(a: Edges, b: Edges): number {
  const smaller = Math.min(area(a), area(b));
  return smaller > 0 ? intersection(a, b) / smaller : 0;
}

/** Non-maximum suppression across both classes: the most confident box of each heap stays. */
export function suppress(candidates: readonly Candidate[]): Candidate[] {
  const same = (a: Candidate, b: Candidate) => iou(a, b) > SAME_PASS_IOU || containment(a, b) > SAME_PASS_CONTAINMENT;
  return cluster(candidates, same).map(([best]) => best);
}

/** An ear is narrower than a face, in pixels, ... */
const EAR_ASPECT = 0.62;
/** ... far less high than the face beside it, ... */
const EAR_HEIGHT = 0.42;
/** ... and no farther from it than this share of the face's width. */
const EAR_GAP = 0.15;

/** Small models take ears for faces. `aspect` is the picture's width by its height. */
export function withoutEars(candidates: readonly Candidate[], aspect: number): Candidate[] {
  const isEarOf = (ear: Candidate, face: Candidate): boolean => {
    const height = ear.bottom - ear.top;
    if ((ear.right - ear.left) * aspect > EAR_ASPECT * height) return false;
    if (height > EAR_HEIGHT * (face.bottom - face.top)) return false;
    const middle = (ear.top + ear.bottom) / 2;
    const gap = Math.max(face.left - ear.right, ear.left - face.right);
    return middle > face.top && middle < face.bottom && gap < EAR_GAP * (face.right - face.left);
  };
  return candidates.filter((ear) => !candidates.some((face) => isEarOf(ear, face)));
}

/**
 * Joins what several passes saw: the most confident box of each heap stays, its class by the heap's vote weighted with
 * confidence.
 */
export function mergePasses(candidates: readonly Candidate[]): Candidate[] {
  const same = (a: Candidate, b: Candidate) =>
    iou(a, b) > ACROSS_PASSES_IOU || containment(a, b) > ACROSS_PASSES_CONTAINMENT;
  return cluster(candidates, same).map((heap) => {
    const vote = heap.reduce((sum, { masked, confidence }) => sum + (masked ? confidence : -confidence), 0);
    const masked = vote === 0 ? heap[0].masked : vote > 0;
    return { ...heap[0], masked };
  });
}

/** Heaps of boxes that are the same as the heap's most confident one, which comes first. */
function cluster(
  candidates: readonly Candidate[],
  same: (a: Candidate, b: Candidate) => boolean,
): [Candidate, ...Candidate[]][] {
  const heaps: [Candidate, ...Candidate[]][] = [];
  for (const candidate of candidates.toSorted((a, b) => b.confidence - a.confidence)) {
    const heap = heaps.find(([best]) => same(best, candidate));
    if (heap) heap.push(candidate);
    else heaps.push([candidate]);
  }
  return heaps;
}

function area(box: Edges): number {
  return Math.max(0, box.right - box.left) * Math.max(0, box.bottom - box.top);
}

function intersection(a: Edges, b: Edges): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}
