import type { Candidate } from "./anchors.ts";

/** A square cut of a picture, in its pixels. */
export interface Tile {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Wider (or taller) than this, stretching to the model's square bends faces too much for one pass. */
const TILED_FROM_ASPECT = 1.3;
const OVERLAP = 0.4;
/** A longer strip than this gets wider steps: the time for one picture stays bounded. */
const MAX_TILES = 8;
/** A box that ends within this share of the tile's side from a cut is probably half a face. */
const EDGE = 0.01;

/**
 * Squares of the short edge's side, with at least 40 % overlap, that cover the picture; none when it is nearly square.
 */
export function tilesOf({ width, height }: PictureSize): Tile[] {
  const side = Math.min(width, height);
  const length = Math.max(width, height);
  if (length / side <= TILED_FROM_ASPECT) return [];
  const count = Math.min(MAX_TILES, Math.ceil((length - side) / (side * (1 - OVERLAP))) + 1);
  return Array.from({ length: count }, (_, index) => {
    const offset = Math.round((index * (length - side)) / (count - 1));
    return width >= height ? { left: offset, top: 0, side } : { left: 0, top: offset, side };
  });
}

/**
 * True when the candidate (fractions of the tile) ends at a cut through the picture, so that a neighbour tile sees it
 * whole.
 */
export function touchesInnerEdge(box: Candidate, tile: Tile, { width, height }: PictureSize): boolean {
  return (
    (tile.left > 0 && box.left <= EDGE) ||
    (tile.top > 0 && box.top <= EDGE) ||
    (tile.left + tile.side < width && box.right >= 1 - EDGE) ||
    (tile.top + tile.side < height && box.bottom >= 1 - EDGE)
  );
}

/** From fractions of the tile to fractions of the whole picture. */
export function fromTile(box: Candidate, tile: Tile, { width, height }: PictureSize): Candidate {
  return {
    ...box,
    left: (tile.left + box.left * tile.side) / width,
    right: (tile.left + box.right * tile.side) / width,
    top: (tile.top + box.top * tile.side) / height,
    bottom: (tile.top + box.bottom * tile.side) / height,
  };
}
