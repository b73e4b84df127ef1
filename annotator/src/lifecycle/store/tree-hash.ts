import { createHash } from "node:crypto";

const LEAF_BYTES = 1 << 20;

/** Collects a SHA-256 tree hash. https://docs.aws.amazon.com/amazonglacier/latest/dev/checksum-calculations.html */
export class TreeHash {
  readonly #leaves: Buffer[] = [];
  #leaf = createHash("sha256");
  #leafBytes = 0;

  update(bytes: Buffer): this {
    for (let start = 0; start < bytes.length; ) {
      const piece = bytes.subarray(start, start + LEAF_BYTES - this.#leafBytes);
      this.#leaf.update(piece);
      this.#leafBytes += piece.length;
      start += piece.length;
      if (this.#leafBytes === LEAF_BYTES) this.#endLeaf();
    }
    return this;
  }

  /** Hex. Call once, at the end. */
  digest(): string {
    if (this.#leafBytes > 0 || this.#leaves.length === 0) this.#endLeaf();
    let level: readonly Buffer[] = this.#leaves;
    while (level.length > 1) level = pairUp(level);
    return level[0]?.toString("hex") ?? "";
  }

  #endLeaf(): void {
    this.#leaves.push(this.#leaf.digest());
    this.#leaf = createHash("sha256");
    this.#leafBytes = 0;
  }
}

function pairUp(level: readonly Buffer[]): Buffer[] {
  const above: Buffer[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const pair = level.slice(index, index + 2);
    const [only] = pair;
    above.push(
      pair.length === 1 && only !== undefined ? only : createHash("sha256").update(Buffer.concat(pair)).digest(),
    );
  }
  return above;
}
