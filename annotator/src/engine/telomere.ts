/**
 * Whether a position is none of a chromosome of so many bases. The one behind its last base is one: VCF writes the
 * telomeres as 0 and N+1 (VCF 4.3, section 1.6.1, POS), and breakends have them.
 */
export function isBeyondEnd(position: number, length: number): boolean {
  return position > length + 1;
}
