import { formatBytes, formatShare } from "@elastic-gas/shared/format/numbers";

/** What the progress says while `sent` of `total` bytes are on their way. */
export function describeUpload(sent: number, total: number): string {
  if (total === 0 || sent < total) {
    const share = total > 0 ? sent / total : 0;
    return `Sending: ${formatShare(share)}, ${formatBytes(sent)} of ${formatBytes(total)}`;
  }
  return "Checking: looking for faces";
}

/** Why the file need not be sent at all, a sentence; the server checks again. */
export function fileProblem(
  file: { readonly size: number; readonly type: string },
  maxBytes: number,
): string | undefined {
  if (file.size === 0) return "This file is empty.";
  if (file.size > maxBytes)
    return `This photo is larger than ${maxBytes / 1e6}\u00a0MB by ${formatBytes(file.size - maxBytes)}.`;
  // Browsers do not know the type of every picture, and leave it empty then.
  if (file.type !== "" && !/^image\/(jpeg|png|webp|gif|avif)$/.test(file.type)) {
    return "This is not a JPEG, PNG, WebP, GIF or AVIF photo.";
  }
  return undefined;
}
