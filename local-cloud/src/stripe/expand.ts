import { present } from "./context.ts";
import { StripeFault } from "./error.ts";
import type { FormValue } from "./form.ts";
import type { StripeStore } from "./store.ts";

/** Puts whole objects where an answer names them by id. https://docs.stripe.com/api/expanding_objects */
export function expandAnswer(store: StripeStore, answer: object, expand: FormValue | undefined): object {
  if (expand === undefined) return answer;
  const paths = Array.isArray(expand) ? expand.map(String) : [String(expand)];
  const copy = structuredClone(answer);
  for (const path of paths) expandPath(store, copy, path.split("."));
  return copy;
}

function expandPath(store: StripeStore, holder: object, [name = "", ...rest]: readonly string[]): void {
  const value: unknown = Reflect.get(holder, name);
  if (value === undefined)
    throw new StripeFault(400, `This property cannot be expanded (${name}).`, { param: "expand" });
  const expanded = typeof value === "string" ? expandId(store, value) : value;
  Reflect.set(holder, name, expanded);
  if (rest.length === 0) return;
  for (const item of Array.isArray(expanded) ? expanded : [expanded]) {
    if (typeof item === "object" && item !== null) expandPath(store, item, rest);
  }
}

function expandId(store: StripeStore, id: string): unknown {
  const document = store.findAny(id);
  return document ? present(document) : id;
}
