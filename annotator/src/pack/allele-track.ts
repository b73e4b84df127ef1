import type { MinimalAllele } from "../vcf/alleles.ts";
import type { BlockTrack } from "./block-track.ts";

/** What a source tells of alleles: rows `pos, ref, alt, values...`, alleles in minimal form, indels leftmost. */
export class AlleleTrack {
  readonly #rows: BlockTrack;

  constructor(rows: BlockTrack) {
    this.#rows = rows;
  }

  /** The values of an allele; undefined when the source does not have it. */
  find({ pos, ref, alt }: MinimalAllele): readonly string[] | undefined {
    return this.#rows.find(pos, `${ref}\t${alt}\t`)?.split("\t");
  }
}
