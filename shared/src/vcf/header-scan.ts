import { REFUSALS, type Refusal } from "./foreign-file.ts";

/** UTF-8's byte order mark, decoded or read as Latin-1. */
const BYTE_ORDER_MARK = /^(?:\ufeff|\u00ef\u00bb\u00bf)/;

export type HeaderStep =
  | { readonly kind: "more" }
  | { readonly kind: "complete" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const MORE: HeaderStep = { kind: "more" };
const COMPLETE: HeaderStep = { kind: "complete" };

/** Walks a file's lines until its #CHROM line. */
export class HeaderScan {
  /** `4.2`, `3.3`; null when the first line does not say. */
  version: string | null = null;
  #isFirst = true;
  #hasCommas = false;

  /** Takes a line without its line feed. */
  take(raw: string): HeaderStep {
    const line = (this.#isFirst ? withoutMark(raw) : raw).replace(/\r$/, "");
    if (this.#isFirst) {
      this.#isFirst = false;
      this.version = versionOf(line);
      if (!line.startsWith("##") && !isChromLine(line)) return refused(REFUSALS.notVcf);
    }
    if (isChromLine(line)) return COMPLETE;
    if (/^"?#CHROM"?[,;]/i.test(line)) this.#hasCommas = true;
    return line.startsWith("#") || line.trim() === "" ? MORE : refused(this.finish());
  }

  /** What is wrong when records begin, or the file ends, before the #CHROM line. */
  finish(): Refusal {
    if (this.#hasCommas) return REFUSALS.commas;
    return this.version === null ? REFUSALS.notVcf : REFUSALS.noChromLine;
  }
}

function isChromLine(line: string): boolean {
  return /^#CHROM(?:\s|$)/.test(line);
}

export function withoutMark(line: string): string {
  return line.replace(BYTE_ORDER_MARK, "");
}

function versionOf(line: string): string | null {
  return /^##(?:file)?format=VCFv?(\d+(?:\.\d+)?)/i.exec(line)?.[1] ?? null;
}

function refused(refusal: Refusal): HeaderStep {
  return { kind: "refused", refusal };
}
