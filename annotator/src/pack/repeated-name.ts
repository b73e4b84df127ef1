/**
 * Between a transcript's name and a number where a pack's GFF3 has the name before: bcftools csq wants each once, and
 * RefSeq and GENCODE call those of X and of Y's pseudoautosomal regions alike. Results have the name alone.
 */
export const REPEATED = "~";
