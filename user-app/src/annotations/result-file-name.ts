import type { JobRow } from "./queries.ts";

/** The name under which a result is downloaded: that of its object, `<job id>~<name>`. */
export function resultFileName({ resultKey, inputName }: Pick<JobRow, "resultKey" | "inputName">): string {
  return resultKey?.split("~").slice(1).join("~") || `${inputName}.annot.vcf`;
}
