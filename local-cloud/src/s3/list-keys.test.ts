import fc from "fast-check";
import { expect, test } from "vitest";
import { listKeys, type Position } from "./list-keys.ts";

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function fetchFrom(keys: readonly string[]) {
  const sorted = [...new Set(keys)].sort(compare);
  return ({ key, inclusive }: Position, limit: number) =>
    sorted
      .filter((each) => {
        const order = Buffer.compare(Buffer.from(each), key);
        return order > 0 || (inclusive && order === 0);
      })
      .slice(0, limit)
      .map((each) => ({ key: each }));
}

/** What a listing without pages must contain, said in the plainest way. */
function expected(keys: readonly string[], prefix: string, delimiter: string): readonly string[] {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 ? key : key.slice(0, at + delimiter.length);
    });
  return [...new Set(names)].sort(compare);
}

test("pages of any size give every key or common prefix once", () => {
  const key = fc.string({
    unit: fc.constantFrom("a", "b", "/", "é", "\u{1F9EC}", "\uFFFF"),
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 40 }),
      fc.constantFrom("", "a", "a/", "é"),
      fc.constantFrom("", "/", "ab", "\u{1F9EC}"),
      fc.integer({ min: 1, max: 7 }),
      (keys, prefix, delimiter, maxKeys) => {
        const fetch = fetchFrom(keys);
        const seen: string[] = [];
        let after: string | undefined;
        for (;;) {
          const page = listKeys({ prefix, delimiter, maxKeys, after }, fetch);
          const names = [...page.entries.map((entry) => entry.key), ...page.commonPrefixes].sort(compare);
          expect(names.length).toBeLessThanOrEqual(maxKeys);
          seen.push(...names);
          if (!page.isTruncated) break;
          after = page.last;
        }
        expect(seen).toEqual(expected(keys, prefix, delimiter));
      },
    ),
    { numRuns: 300 },
  );
});

test("a common prefix is skipped in one step", () => {
  const keys = ["a/", ...Array.from({ length: 5000 }, (_, index) => `b/${index}`), "c"];
  let rows = 0;
  const fetch = fetchFrom(keys);
  const page = listKeys({ prefix: "", delimiter: "/", maxKeys: 10, after: undefined }, (position, limit) => {
    const batch = fetch(position, limit);
    rows += batch.length;
    return batch;
  });
  expect(page.commonPrefixes).toEqual(["a/", "b/"]);
  expect(page.entries).toEqual([{ key: "c" }]);
  expect(rows).toBeLessThan(50);
});
