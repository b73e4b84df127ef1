import { createHash } from "node:crypto";

export const LEAF_BYTES = 1 << 20;

/**
 * SHA-256 tree hash of bytes that come in pieces.
 * https://docs.aws.amazon.com/amazonglacier/latest/dev/checksum-calculations.html
 */
export class TreeHash {
  readonly #leaves: Buffer[] = [];
  #leaf = createHash("sha256");
  #leafBytes = 0;

  update(bytes: Uint8Array): this {
    for (let start = 0; start < bytes.length; ) {
      const piece = bytes.subarray(start, start + LEAF_BYTES - this.#leafBytes);
      this.#leaf.update(piece);
      this.#leafBytes += piece.length;
      start += piece.length;
      if (this.#leafBytes === LEAF_BYTES) this.#endLeaf();
    }
    return this;
  }

  /** Lower-case hex. Call once, at the end. */
  digest(): string {
    if (this.#leafBytes > 0 || this.#leaves.length === 0) this.#endLeaf();
    return combine(this.#leaves);
  }

  #endLeaf(): void {
    this.#leaves.push(this.#leaf.digest());
    this.#leaf = createHash("sha256");
    this.#leafBytes = 0;
  }
}

/**
 * The tree hash of a whole from those of its parts in order, each of the same power of two MiB but the last, which may
 * be smaller.
 */
export function combineTreeHashes(parts: readonly string[]): string {
  return combine(parts.map((hex) => Buffer.from(hex, "hex")));
}

/**
 * Whether a range of an archive (first and last byte, both included) is one node of the archive's tree: only then does
 * an answer carry its hash.
 * https://docs.aws.amazon.com/amazonglacier/latest/dev/checksum-calculations-range.html
 */
export function isTreeHashAligned(start: number, end: number, archiveBytes: number): boolean {
  const length = end - start + 1;
  const nodeLeaves = 2 ** Math.ceil(Math.log2(Math.ceil(length / LEAF_BYTES)));
  const nodeBytes = nodeLeaves * LEAF_BYTES;
  return start % nodeBytes === 0 && (length === nodeBytes || end === archiveBytes - 1);
}

function combine(leaves: readonly Buffer[]): string {
  let level = leaves;
  while (level.length > 1) level = pairUp(level);
  return level[0]?.toString("hex") ?? "";
}

function pairUp(level: readonly Buffer[]): readonly Buffer[] {
  const above: Buffer[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const [left, right] = level.slice(index, index + 2);
    // A hash without a neighbour rises unchanged.
    if (left && right) above.push(createHash("sha256").update(left).update(right).digest());
    else if (left) above.push(left);
  }
  return above;
}
