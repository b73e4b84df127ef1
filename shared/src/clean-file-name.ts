/** Leaves room for prefix, user id and job id within a key's 255 characters. */
const MAX_CHARACTERS = 200;

/**
 * The last part of a path, without characters that a key, a header or a page cannot carry. A long name keeps its end,
 * where its ending is; `otherwise` stands in for one of which nothing is left.
 */
export function cleanFileName(name: string, otherwise: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  return [...cleanLine(last)].slice(-MAX_CHARACTERS).join("") || otherwise;
}

/** One line of text as it may stand on a page beside other words: without controls, also those of its direction. */
export function cleanLine(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "")
    .trim()
    .toWellFormed();
}
