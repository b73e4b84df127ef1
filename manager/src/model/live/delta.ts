/**
 * How one JSON value becomes another: replaced, or member by member, or a list put together from its old items and new
 * ones. Members that are undefined count as absent, as JSON leaves them out.
 */
export type Delta =
  | { readonly is: unknown }
  /** The members that differ; null: gone. */
  | { readonly of: Readonly<Record<string, Delta | null>> }
  | { readonly list: readonly Piece[] };

export type Piece =
  /** So many old items from that place on. */
  | readonly [from: number, count: number]
  /** The old item of that place, changed. */
  | { readonly at: number; readonly by: Delta }
  | { readonly add: readonly unknown[] };

type Members = Readonly<Record<string, unknown>>;
type List = readonly unknown[];

/** A series of values moves on by an item or two; an equal value further away is another one. */
const LOOKED_AHEAD = 8;

/** What leads from one to the other; undefined when they are equal. */
export function diff(before: unknown, after: unknown): Delta | undefined {
  if (before === after) return undefined;
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(before, after);
  if (isMembers(before) && isMembers(after)) return diffMembers(before, after);
  return { is: after };
}

/** The value that `diff` led to; `before` stays as it is. Throws when the delta was made of another value. */
export function applyDelta(before: unknown, delta: Delta): unknown {
  if ("is" in delta) return delta.is;
  if ("list" in delta) {
    if (!Array.isArray(before)) throw new Error("The delta is one of a list.");
    return delta.list.flatMap((piece) => itemsOf(before, piece));
  }
  if (!isMembers(before)) throw new Error("The delta is one of an object.");
  const members: Record<string, unknown> = { ...before };
  for (const [key, by] of Object.entries(delta.of)) {
    // Not by assignment, which has a meaning of its own for the name __proto__.
    if (by === null) delete members[key];
    else Object.defineProperty(members, key, { ...PLAIN, value: applyDelta(own(before, key), by) });
  }
  return members;
}

const PLAIN = { configurable: true, enumerable: true, writable: true } as const;

function itemsOf(before: List, piece: Piece): List {
  if ("add" in piece) return piece.add;
  const [from, count] = "by" in piece ? [piece.at, 1] : piece;
  if (from + count > before.length) throw new Error("The delta is one of a longer list.");
  return "by" in piece ? [applyDelta(before[from], piece.by)] : before.slice(from, from + count);
}

function diffMembers(before: Members, after: Members): Delta | undefined {
  const of: [string, Delta | null][] = [];
  for (const key of Object.keys(after)) {
    const delta = diff(own(before, key), after[key]);
    if (delta !== undefined && after[key] !== undefined) of.push([key, delta]);
  }
  for (const key of Object.keys(before)) {
    if (before[key] !== undefined && own(after, key) === undefined) of.push([key, null]);
  }
  return of.length === 0 ? undefined : { of: Object.fromEntries(of) };
}

function diffLists(before: List, after: List): Delta | undefined {
  const places = new Map<unknown, number>();
  for (const [place, item] of before.entries()) {
    const identity = identityOf(item);
    if (identity !== undefined) places.set(identity, place);
  }
  const pieces = createPieces();
  let next = 0;
  for (const item of after) {
    const identity = identityOf(item);
    const isNext = identity !== undefined && identityOf(before[next]) === identity;
    const place = isNext ? next : identity === undefined ? findFrom(before, next, item) : places.get(identity);
    if (place === undefined) {
      pieces.add(item);
      continue;
    }
    pieces.keep(place, diff(before[place], item));
    next = place + 1;
  }
  return pieces.areAll(before.length) ? undefined : { list: pieces.all };
}

/** By which an item of a list is known although it has changed. */
function identityOf(item: unknown): unknown {
  if (!isMembers(item)) return undefined;
  return own(item, "id") ?? own(item, "name");
}

function findFrom(list: List, from: number, item: unknown): number | undefined {
  const end = Math.min(list.length, from + LOOKED_AHEAD);
  for (let place = from; place < end; place += 1) if (diff(list[place], item) === undefined) return place;
  return undefined;
}

function createPieces() {
  const all: ([number, number] | { readonly at: number; readonly by: Delta } | { readonly add: unknown[] })[] = [];
  return {
    all,
    keep(place: number, by: Delta | undefined): void {
      const last = all.at(-1);
      if (by !== undefined) all.push({ at: place, by });
      else if (Array.isArray(last) && last[0] + last[1] === place) last[1] += 1;
      else all.push([place, 1]);
    },
    add(item: unknown): void {
      const last = all.at(-1);
      if (last !== undefined && "add" in last) last.add.push(item);
      else all.push({ add: [item] });
    },
    areAll(count: number): boolean {
      const [first] = all;
      if (first === undefined) return count === 0;
      return all.length === 1 && Array.isArray(first) && first[0] === 0 && first[1] === count;
    },
  };
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(members: Members, key: string): unknown {
  return Object.hasOwn(members, key) ? members[key] : undefined;
}
