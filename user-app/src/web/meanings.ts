/** Parts of a gene, as in GAS_REGION, from the most specific. */
export const REGION_MEANINGS: Readonly<Record<string, string>> = {
  CDS: "coding sequence",
  UTR5: "untranslated part before the coding sequence",
  UTR3: "untranslated part after the coding sequence",
  EXON: "part of an exon of a gene that codes for no protein",
  INTRON: "between two exons",
  GENE: "within a gene, but the annotation pack does not say in which part",
  INTERGENIC: "outside all genes",
};

/** What an ALT is beside REF. */
export const CLASS_MEANINGS: Readonly<Record<string, string>> = {
  SNV: "one base in place of another",
  MNV: "several bases in place of as many others",
  insertion: "bases added",
  deletion: "bases taken away",
  indel: "bases in place of more or fewer others",
  symbolic: "named but not spelled out, such as <DEL> or <DUP>",
  breakend: "one end of a rearrangement; the record names the other end",
  "spanning deletion": "a deletion that began at an earlier position (*)",
  "no variant": "no other allele (., <*> or <NON_REF>)",
};

/** ClinVar's classes, in its words; a record may have several, such as Pathogenic, risk factor. */
export const CLINVAR_MEANINGS: Readonly<Record<string, string>> = {
  Pathogenic: "causes the condition",
  "Likely pathogenic": "causes the condition, with more than 90\u00a0% certainty",
  "Pathogenic/Likely pathogenic": "some submitters say pathogenic, others likely pathogenic",
  "Uncertain significance": "too little is known to tell",
  "Likely benign": "does not cause the condition, with more than 90\u00a0% certainty",
  Benign: "does not cause the condition",
  "Benign/Likely benign": "some submitters say benign, others likely benign",
  "Conflicting classifications of pathogenicity": "submitters disagree on whether it causes the condition",
  "drug response": "changes how a drug works",
  "risk factor": "raises the risk of a condition without causing it alone",
  association: "found more often with the condition",
  protective: "lowers the risk of a condition",
};
