import { genomeCalled } from "@elastic-gas/shared/vcf/genomes";
import { z } from "zod";
import { BUILDS } from "./upload.ts";

const ACCEPTED =
  "GRCh38 (or hg38, b38), GRCh37 (or hg19, b37) and NCBI36 (or hg18, b36), also with a patch such as GRCh38.p14, in upper or lower case";

/** A genome build by any name of it; comes out as one of BUILDS. */
export const BuildName = z
  .string()
  .meta({ description: `The genome build: ${ACCEPTED}. Without one it is found out` })
  .transform((text) => BUILDS.find((build) => build === genomeCalled(text)) ?? text)
  .pipe(
    z.enum(BUILDS, {
      error: ({ input }) =>
        `"${String(input).slice(0, 40)}" is no genome build that is known here. Accepted are ${ACCEPTED}; without one it is found out.`,
    }),
  );

/** The same as the field of a form, which is empty for "Detect". */
export const BuildField = z.preprocess((build) => (build === "" ? undefined : build), BuildName.optional());
