/** One word of a POSIX shell's command line, whatever the text is. */
export function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
