/** Where to go on in a bucket: at or after these bytes of a key. */
export interface Position {
  readonly key: Uint8Array;
  readonly inclusive: boolean;
}

export interface ListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxKeys: number;
  /** Last key or common prefix of the page before, or the caller's start. */
  readonly after: string | undefined;
}

export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  /** Last key or common prefix of this page; what `after` of the next must be. */
  readonly last: string | undefined;
}

type Fetch<Entry> = (position: Position, limit: number) => readonly Entry[];

const BATCH = 1000;

/**
 * One page of keys in byte order. Keys that go on after the prefix and the delimiter count once, as their common
 * prefix, and are skipped in one
 * step however many they are.
 */
export function listKeys<Entry extends { readonly key: string }>(
  request: ListRequest,
  fetch: Fetch<Entry>,
): Page<Entry> {
  const { prefix, delimiter, maxKeys } = request;
  const entries: Entry[] = [];
  const commonPrefixes: string[] = [];
  let last: string | undefined;
  let position = startOf(request);
  if (maxKeys === 0) return { entries, commonPrefixes, isTruncated: false, last };
  for (;;) {
    const batch = fetch(position, Math.min(BATCH, maxKeys - entries.length - commonPrefixes.length + 1));
    let jump: Position | undefined;
    for (const entry of batch) {
      if (!entry.key.startsWith(prefix)) return { entries, commonPrefixes, isTruncated: false, last };
      if (entries.length + commonPrefixes.length === maxKeys)
        return { entries, commonPrefixes, isTruncated: true, last };
      const common = commonPrefixOf(entry.key, prefix, delimiter);
      if (common === undefined) {
        entries.push(entry);
        last = entry.key;
        continue;
      }
      commonPrefixes.push(common);
      last = common;
      jump = { key: afterPrefix(common), inclusive: true };
      break;
    }
    const final = batch.at(-1);
    if (!final) return { entries, commonPrefixes, isTruncated: false, last };
    position = jump ?? { key: Buffer.from(final.key, "utf8"), inclusive: false };
  }
}

function startOf({ prefix, delimiter, after }: ListRequest): Position {
  const atPrefix: Position = { key: Buffer.from(prefix, "utf8"), inclusive: true };
  if (after === undefined) return atPrefix;
  const isCommonPrefix =
    delimiter !== "" && after.startsWith(prefix) && commonPrefixOf(after, prefix, delimiter) === after;
  const start: Position = isCommonPrefix
    ? { key: afterPrefix(after), inclusive: true }
    : { key: Buffer.from(after, "utf8"), inclusive: false };
  return Buffer.compare(start.key, atPrefix.key) < 0 ? atPrefix : start;
}

/** The key up to the delimiter that follows the prefix; undefined when none follows. */
export function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/**
 * The first bytes that come after every key with this prefix. UTF-8 has no byte 0xff, so there is always one to count
 * up.
 */
function afterPrefix(prefix: string): Uint8Array {
  const bytes = Buffer.from(prefix, "utf8");
  const final = bytes.length - 1;
  bytes[final] = (bytes[final] ?? 0) + 1;
  return bytes;
}
