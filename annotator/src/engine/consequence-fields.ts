import type { InfoField } from "../vcf/header.ts";

export const CONSEQUENCE_FIELD: InfoField = {
  key: "BCSQ",
  number: ".",
  description:
    "Haplotype-unaware consequence from BCFtools/csq. Format: Consequence|gene|transcript|biotype|strand|amino_acid_change|dna_change",
};

export const CONSEQUENCE_ALT_FIELD: InfoField = {
  key: "GAS_BCSQ_ALT",
  number: ".",
  description:
    "In records of several ALTs the number of the ALT that each value of BCSQ is of, 1 for the first; several joined by &",
};

export const HGVS_FIELD: InfoField = {
  key: "GAS_HGVS",
  number: ".",
  description: "Protein changes of BCSQ in HGVS, predicted: transcript:p.(change)",
};

export const HGVS_ALT_FIELD: InfoField = {
  key: "GAS_HGVS_ALT",
  number: ".",
  description:
    "In records of several ALTs the number of the ALT that each value of GAS_HGVS is of, 1 for the first; several joined by &",
};
