/** What became of an action, as the manager tells it; undefined for bodies of another form, as of a proxy. */
export function readOutcome(body: unknown): { readonly done: boolean; readonly sentence: string } | undefined {
  if (!isObject(body) || typeof body.done !== "boolean" || typeof body.sentence !== "string") return undefined;
  return { done: body.done, sentence: body.sentence };
}

/** The sentence of a refusal; undefined for bodies of another form. */
export function readRefusal(body: unknown): string | undefined {
  const error = isObject(body) ? body.error : undefined;
  return isObject(error) && typeof error.message === "string" ? error.message : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
