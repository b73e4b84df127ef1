/** ClinVar's classes from pathogenic to likely pathogenic, with or without a qualifier; not "conflicting". */
export function isPathogenic(significance: string): boolean {
  return /^(?:likely[_ ])?pathogenic/i.test(significance);
}
