import { join } from "node:path";

/** A file of the project's own that readers can try a page with. */
export interface Sample {
  /** Name of the file, unique in its list. */
  readonly file: string;
  readonly label: string;
  /** A sentence: what is in it and what to expect. */
  readonly description: string;
}

const FOLDER = join(import.meta.dirname, "../../samples");

export const VCF_SAMPLES: readonly Sample[] = [
  {
    file: "grch38.vcf",
    label: "GRCh38, all chromosomes",
    description: "82 known variants of all chromosomes, most of them in ClinVar: genes, regions and ClinVar entries.",
  },
  {
    file: "grch37.vcf",
    label: "GRCh37, famous genes",
    description:
      "34 known variants by their GRCh37 positions: genes and cytobands; ClinVar where its place in GRCh37 is certain.",
  },
  {
    file: "ncbi36.vcf",
    label: "NCBI36, an old build",
    description:
      "12 known variants by their NCBI36 positions: the annotation pack holds only cytobands for this build.",
  },
  {
    file: "no-header-line.vcf",
    label: "One that fails",
    description: "The #CHROM line is missing, so the job fails and says what to correct.",
  },
];

export const PICTURE_SAMPLES: readonly Sample[] = [
  { file: "no-face.jpg", label: "No face", description: "An empty room." },
  { file: "one-masked.jpg", label: "One, masked", description: "1 face, with a mask." },
  { file: "one-bare.jpg", label: "One, no mask", description: "1 face, without a mask." },
  { file: "mixed-three.jpg", label: "Three, mixed", description: "3 faces, 1 with a mask." },
  { file: "two-masked.jpg", label: "Two, masked", description: "2 faces, both with a mask." },
  { file: "wide-six.jpg", label: "Six, wide", description: "6 faces side by side in a wide picture, 3 with a mask." },
];

/** Where a VCF sample lies in this installation. */
export function vcfSamplePath({ file }: Sample): string {
  return join(FOLDER, "vcf", file);
}

/** Where a picture lies in this installation. */
export function pictureSamplePath({ file }: Sample): string {
  return join(FOLDER, "pictures", file);
}
