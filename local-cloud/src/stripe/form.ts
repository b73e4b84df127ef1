export type FormValue = string | readonly FormValue[] | { readonly [name: string]: FormValue };
type Pair = readonly [path: readonly string[], value: string];

/**
 * Reads the API's parameters, `line_items[0][price]=p&customer=c`, into what they mean:
 * `{ line_items: [{ price: "p" }], customer: "c" }`. All leaves are texts.
 */
export function readForm(text: string): { readonly [name: string]: FormValue } {
  const pairs: Pair[] = [...new URLSearchParams(text)].map(([key, value]) => [pathOf(key), value]);
  return nest(pairs);
}

function pathOf(key: string): readonly string[] {
  const [, name = key, rest = ""] = /^([^[]+)((?:\[[^\]]*\])*)$/.exec(key) ?? [];
  return [name, ...[...rest.matchAll(/\[([^\]]*)\]/g)].map(([, part = ""]) => part)];
}

function nest(pairs: readonly Pair[]): { readonly [name: string]: FormValue } {
  const groups = Map.groupBy(pairs, ([[name = ""]]) => name);
  return Object.fromEntries(
    [...groups].map(([name, members]) => [
      name,
      meaningOf(members.map(([[, ...rest], value]) => [rest, value] as const)),
    ]),
  );
}

function meaningOf(members: readonly Pair[]): FormValue {
  const last = members.at(-1);
  if (last && last[0].length === 0) return last[1];
  const inner = members.filter(([path]) => path.length > 0);
  if (inner.every(([[name]]) => name === "")) return inner.map(([, value]) => value);
  const nested = nest(inner);
  const names = Object.keys(nested);
  return names.every((name, index) => name === String(index)) ? Object.values(nested) : nested;
}
