const LOOP_BYTES = 512;

/** Bytes put one after another into one buffer that grows and is used again for the next block. */
export class ByteSink {
  #buffer: Buffer;
  #length = 0;

  constructor(bytes: number) {
    this.#buffer = Buffer.allocUnsafeSlow(bytes);
  }

  copy(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    const buffer = this.#buffer;
    let at = this.#length;
    // Most pieces are one record long: a loop is faster than a view of each.
    if (end - start <= LOOP_BYTES) for (let from = start; from < end; ) buffer[at++] = source[from++] ?? 0;
    else {
      buffer.set(source.subarray(start, end), at);
      at += end - start;
    }
    this.#length = at;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A whole number from 0 on, in decimal digits. */
  digits(value: number): void {
    let divisor = 1;
    while (divisor * 10 <= value) divisor *= 10;
    for (; divisor >= 1; divisor /= 10) this.byte(48 + (Math.floor(value / divisor) % 10));
  }

  /** Latin-1 text. */
  write(text: string): void {
    this.#reserve(text.length);
    this.#length += this.#buffer.write(text, this.#length, "latin1");
  }

  /** Latin-1 text before the byte that is now at `at`. */
  insert(at: number, text: string): void {
    this.#reserve(text.length);
    this.#buffer.copyWithin(at + text.length, at, this.#length);
    this.#length += this.#buffer.write(text, at, "latin1");
  }

  /** What is in it; valid until it is changed. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Drops the first `bytes` bytes. */
  drop(bytes: number): void {
    this.#buffer.copyWithin(0, bytes, this.#length);
    this.#length -= bytes;
  }

  clear(): void {
    this.#length = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.ceil(this.#buffer.length * 1.5)));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
