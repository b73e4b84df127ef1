import { HEAD_BYTES } from "@elastic-gas/shared/vcf/foreign-file";
import { CHECKED_BYTES, checkMagic, checkVcf, type VcfCheck } from "./vcf-check.ts";

/** Looks at the start of a file, also of a compressed one. */
export async function checkFile(file: File): Promise<VcfCheck> {
  const start = new Uint8Array(await file.slice(0, 64).arrayBuffer());
  const wrong = checkMagic(start);
  if (wrong !== null) return wrong;
  const gzip = start[0] === 0x1f && start[1] === 0x8b;
  if (!gzip) {
    const text = await file.slice(0, CHECKED_BYTES).text();
    return checkVcf(text, { complete: file.size <= CHECKED_BYTES });
  }
  try {
    const { head, text, complete } = await readGzipStart(file);
    // By its bytes: as text, gzip in gzip or UTF-16 is no more than binary.
    return checkMagic(head, true) ?? checkVcf(text, { complete });
  } catch {
    // Browsers stop at the second member of a block-gzipped file; the annotator reads it.
    return { kind: "fits", findings: ["Compressed; its lines are checked by the annotator"] };
  }
}

async function readGzipStart(file: File): Promise<{ head: Uint8Array; text: string; complete: boolean }> {
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  let head = new Uint8Array();
  try {
    while (text.length < CHECKED_BYTES) {
      const { done, value } = await reader.read();
      if (done) return { head, text, complete: true };
      if (head.length === 0) head = value.slice(0, HEAD_BYTES);
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    if (text === "") throw error;
  } finally {
    void reader.cancel().catch(() => undefined); // the rest is not wanted
  }
  return { head, text, complete: false };
}
