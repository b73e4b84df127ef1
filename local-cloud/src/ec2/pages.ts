import { Fault } from "../wire/handler.ts";

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextToken: string | undefined;
}

/**
 * One page of a sorted list. The token names the key of the last item seen, so that insertions between two pages lose
 * nothing.
 */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  request: { readonly maxResults: number | undefined; readonly nextToken: string | undefined },
): Page<Item> {
  const after = request.nextToken === undefined ? undefined : decode(request.nextToken);
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  if (request.maxResults === undefined || rest.length <= request.maxResults)
    return { items: rest, nextToken: undefined };
  const page = rest.slice(0, request.maxResults);
  const last = page.at(-1);
  return { items: page, nextToken: last === undefined ? undefined : encode(keyOf(last)) };
}

/** EC2 takes 5 to 1000 and refuses anything else. */
export function checkMaxResults(value: number | undefined): number | undefined {
  if (value !== undefined && (value < 5 || value > 1000)) {
    throw new Fault(
      "InvalidParameterValue",
      `Value ( ${value} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  }
  return value;
}

function encode(key: string): string {
  return Buffer.from(`after:${key}`).toString("base64url");
}

function decode(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (!text.startsWith("after:")) throw new Fault("InvalidNextToken", "The specified token is invalid");
  return text.slice("after:".length);
}
