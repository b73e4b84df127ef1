/**
 * The header `Retry-After`, seconds or a date, as milliseconds from `now`; undefined when there is none, or one that
 * says neither.
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const text = String([header].flat()[0] ?? "").trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
