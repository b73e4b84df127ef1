import { createHash, type Hash } from "node:crypto";
import { basename } from "node:path";
import { isGzip } from "@elastic-gas/shared/vcf/foreign-file";
import { AnnotationFailure, FAILURES } from "../../vcf/failure.ts";
import { lineBlocks, linesOf } from "../../vcf/lines.ts";
import { chunks, decompress, isCutBgzf, openChunks, readEnds } from "../../vcf/packed-bytes.ts";

/** Why a source cannot become part of a pack: file, line, reason and what to do. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** A file that a pack is made of: plain, gzip or BGZF, read once from start to end. */
export class SourceFile {
  readonly path: string;
  readonly name: string;
  readonly #hash: Hash = createHash("sha256");

  constructor(path: string) {
    this.path = path;
    this.name = basename(path);
  }

  /** Lines without their line ends, many at a time; `first` is the number of the first. Throws SourceError. */
  async *lines(): AsyncGenerator<{ readonly lines: readonly string[]; readonly first: number }> {
    let first = 1;
    try {
      for await (const block of lineBlocks(await this.#text())) {
        const lines = [...linesOf(block)].map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
        yield { lines, first };
        first += lines.length;
      }
    } catch (error) {
      throw this.#explained(error, first);
    }
    if (first === 1) throw new SourceError(`${this.path} is empty. Download it again.`);
  }

  /** Of the bytes as they are on disk, when all were read. */
  sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  problem(line: number, reason: string, advice: string): SourceError {
    return new SourceError(`${this.path}, line ${line}: ${reason} ${advice}`);
  }

  async #text(): Promise<AsyncGenerator<Buffer>> {
    const ends = await readEnds(this.path);
    const isPacked = isGzip(ends.head);
    if (isPacked && isCutBgzf(ends)) throw new AnnotationFailure(FAILURES.truncated);
    const bytes = this.#hashed(chunks(openChunks(this.path)));
    return isPacked ? decompress(bytes, this.path) : bytes;
  }

  async *#hashed(bytes: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  #explained(error: unknown, line: number): unknown {
    if (error instanceof AnnotationFailure) {
      const where = `${this.path}, after line ${line - 1}`;
      switch (error.message) {
        case FAILURES.truncated:
          return new SourceError(`${where}: the compressed file is cut off before its end. Download it again.`);
        case FAILURES.corrupt:
          return new SourceError(`${where}: the compressed file is damaged. Download it again.`);
        case FAILURES.lineTooLong:
          return new SourceError(`${where}: a line is longer than 32\u00a0MB. Is it a file of text?`);
      }
    }
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return new SourceError(`There is no file ${this.path}. Check the path.`);
    if (code === "EISDIR") return new SourceError(`${this.path} is a folder. Name the file in it.`);
    if (code === "EACCES") return new SourceError(`${this.path} may not be read by this account. Change its rights.`);
    return error;
  }
}
