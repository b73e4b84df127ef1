/** A release as people read it: the first characters of its hash. No imports: browser code reads it too. */
export function formatRelease(id: string | null): string {
  return id === null ? "unknown" : id.slice(0, 10);
}
