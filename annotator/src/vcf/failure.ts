import type { Refusal } from "@elastic-gas/shared/vcf/foreign-file";

/** Why a file could not be annotated, in a sentence that its owner understands; it becomes the job's `failure`. */
export class AnnotationFailure extends Error {
  override readonly name = "AnnotationFailure";
}

export const FAILURES = {
  truncated: "The compressed file is cut off before its end. Upload it again.",
  corrupt: "The compressed file is damaged. Upload it again.",
  lineTooLong:
    "The file has a line of more than 32\u00a0MB, which is more than is taken. Is it a VCF with line endings?",
  headerTooLong: "The header is longer than 32\u00a0MB, which is more than is taken.",
  memory:
    "The file needs more memory than an annotation may use (256\u00a0MB). Split it by samples or by chromosome and send the parts.",
  engine: "The annotation engine failed. The file itself was readable; run the job again.",
} as const;

export function refused({ problem, help }: Refusal): AnnotationFailure {
  return new AnnotationFailure(`${problem} ${help}`);
}

export function timedOut(seconds: number): string {
  const limit = seconds >= 120 ? `${Math.round(seconds / 60)}\u00a0min` : `${Math.round(seconds)}\u00a0s`;
  return `The annotation took longer than the limit of ${limit} and was ended.`;
}
