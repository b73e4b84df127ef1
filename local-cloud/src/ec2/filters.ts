import { Fault } from "../wire/handler.ts";

export interface Filter {
  readonly Name?: string;
  readonly Values?: readonly string[];
}

/** The values of one filterable property; `tag:<key>` asks for one tag. Undefined: no such filter. */
export type Property<Item> = (item: Item) => readonly string[];

/**
 * EC2's filters: all must match, one of the values of each must. `*` stands for any characters, `?` for one, a
 * backslash
 * takes their meaning away; letters count by case (docs: "Filter your Amazon EC2 resources").
 */
export function applyFilters<Item>(
  items: readonly Item[],
  filters: readonly Filter[] | undefined,
  findProperty: (name: string) => Property<Item> | undefined,
): Item[] {
  const tests = (filters ?? []).map((filter) => {
    const property = findProperty(filter.Name ?? "");
    if (!property) throw new Fault("InvalidParameterValue", `The filter '${filter.Name ?? ""}' is invalid`);
    const patterns = (filter.Values ?? []).map(toPattern);
    if (patterns.length === 0) {
      throw new Fault("InvalidParameterValue", `The filter '${filter.Name}' must have at least one value`);
    }
    return (item: Item) => property(item).some((value) => patterns.some((pattern) => pattern.test(value)));
  });
  return items.filter((item) => tests.every((test) => test(item)));
}

/** The filters that everything with tags has: `tag:<key>`, `tag-key`, `tag-value`. */
export function tagProperty(name: string): Property<{ readonly tags: Readonly<Record<string, string>> }> | undefined {
  if (name === "tag-key") return ({ tags }) => Object.keys(tags);
  if (name === "tag-value") return ({ tags }) => Object.values(tags);
  if (!name.startsWith("tag:")) return undefined;
  const key = name.slice("tag:".length);
  return ({ tags }) => {
    const value = Object.hasOwn(tags, key) ? tags[key] : undefined;
    return value === undefined ? [] : [value];
  };
}

function toPattern(value: string): RegExp {
  const source = value.replaceAll(
    /\\([*?\\])|([*?])|[.+^${}()|[\]\\]/g,
    (match, escaped: string | undefined, wild: string | undefined) => {
      if (escaped !== undefined) return `\\${escaped}`;
      if (wild !== undefined) return wild === "*" ? ".*" : ".";
      return `\\${match}`;
    },
  );
  return new RegExp(`^${source}$`, "s");
}
