/** A candidate of one pass: edges as fractions of the picture that the model saw, confidence 0-1. */
export interface Candidate {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly masked: boolean;
  readonly confidence: number;
}

// Geometry of the published model: AIZOOTech/FaceMaskDetection, utils/anchor_generator.py and anchor_decode.py.
const MAP_SIZES = [33, 17, 9, 5, 3];
const SIZES = [
  [0.04, 0.056],
  [0.08, 0.11],
  [0.16, 0.22],
  [0.32, 0.45],
  [0.64, 0.72],
] as const;
const RATIOS = [0.62, 0.42];
const CENTRE_VARIANCE = 0.1;
const SIZE_VARIANCE = 0.2;

/** Anchors in the order of the model's outputs: [centre x, centre y, width, height] each, as fractions; 5972 in all. */
export function makeAnchors(): Float32Array {
  const anchors: number[] = [];
  for (const [level, mapSize] of MAP_SIZES.entries()) {
    const shapes = anchorShapes(level);
    for (let y = 0; y < mapSize; y++) {
      for (let x = 0; x < mapSize; x++) {
        for (const [width, height] of shapes) anchors.push((x + 0.5) / mapSize, (y + 0.5) / mapSize, width, height);
      }
    }
  }
  return Float32Array.from(anchors);
}

/**
 * Reads the candidates of at least `minConfidence` from the model's outputs: `locations` has 4 numbers per anchor,
 * `scores` 2 (mask, no mask). Boxes are clipped to the picture.
 */
export function decodeCandidates(
  anchors: Float32Array,
  output: { readonly locations: Float32Array; readonly scores: Float32Array },
  minConfidence: number,
): Candidate[] {
  const candidates: Candidate[] = [];
  const at = (values: Float32Array, index: number) => values[index] ?? 0;
  for (let index = 0; index < anchors.length / 4; index++) {
    const masked = at(output.scores, index * 2);
    const bare = at(output.scores, index * 2 + 1);
    const confidence = Math.max(masked, bare);
    if (!(confidence >= minConfidence)) continue;
    const first = index * 4;
    const anchorWidth = at(anchors, first + 2);
    const anchorHeight = at(anchors, first + 3);
    const centreX = at(anchors, first) + at(output.locations, first) * CENTRE_VARIANCE * anchorWidth;
    const centreY = at(anchors, first + 1) + at(output.locations, first + 1) * CENTRE_VARIANCE * anchorHeight;
    const width = anchorWidth * Math.exp(at(output.locations, first + 2) * SIZE_VARIANCE);
    const height = anchorHeight * Math.exp(at(output.locations, first + 3) * SIZE_VARIANCE);
    candidates.push({
      left: Math.max(0, centreX - width / 2),
      top: Math.max(0, centreY - height / 2),
      right: Math.min(1, centreX + width / 2),
      bottom: Math.min(1, centreY + height / 2),
      masked: masked >= bare,
      confidence,
    });
  }
  return candidates;
}

function anchorShapes(level: number): [width: number, height: number][] {
  const [small, large] = SIZES[level] ?? [0, 0];
  return [
    [small, small],
    [large, large],
    ...RATIOS.map((ratio): [number, number] => [small * Math.sqrt(ratio), small / Math.sqrt(ratio)]),
  ];
}
