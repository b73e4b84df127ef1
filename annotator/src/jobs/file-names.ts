/** Names of what comes of a file: `x.vcf`, `x.vcf.gz` and `x` give `x.annot.vcf` and `x.vcf.count.log`. */
export function outputNames(inputName: string): { readonly result: string; readonly log: string } {
  const base = inputName.replace(/\.(?:b?gz)$/i, "").replace(/\.vcf$/i, "");
  return { result: `${base}.annot.vcf`, log: `${base}.vcf.count.log` };
}

/**
 * The user's name for a file made safe as a name in a folder of ours; always ends with `.vcf`, as AnnTools wants it.
 */
export function localName(inputName: string): string {
  const base = inputName
    .replace(/\.(?:b?gz)$/i, "")
    .replace(/\.vcf$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]/g, "_")
    .replace(/^[.-]+/, "_");
  return `${base.slice(0, 100) || "input"}.vcf`;
}
