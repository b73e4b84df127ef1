import { z } from "zod";
import type { StripeContext } from "./context.ts";
import { StripeFault } from "./error.ts";
import type { FormValue } from "./form.ts";

export interface ApiRequest {
  readonly context: StripeContext;
  readonly parameters: { readonly [name: string]: FormValue };
  /** The id in the path; empty where there is none. */
  readonly id: string;
  /** Where the hosted pages are, such as `http://localhost:4566`. */
  readonly origin: string;
}

export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** `:id` stands for one segment. */
  readonly path: string;
  readonly answer: (request: ApiRequest) => object;
}

export const flag = z.enum(["true", "false"]).transform((text) => text === "true");
export const integer = z
  .string()
  .regex(/^-?\d{1,12}$/, "Invalid integer")
  .transform(Number);
export const webAddress = z.url({ protocol: /^https?$/, error: "Not a valid URL" });
/** An empty text removes the value, as in Stripe's API. */
export const emptyable = z.string().transform((text) => (text === "" ? null : text));
/** A form cannot tell a list from a map whose names are 0, 1, ...: metadata is always a map. */
export const MetadataChange = z.preprocess(
  (value) => (Array.isArray(value) ? { ...value } : value === "" ? {} : value),
  z.record(z.string().max(40), z.string().max(500)),
);
export const paging = {
  limit: integer.refine((n) => n >= 1 && n <= 100, "Must be between 1 and 100").default(10),
  starting_after: z.string().optional(),
  ending_before: z.string().optional(),
};

/** Reads parameters; those that are not in the shape are refused as Stripe refuses unknown ones. */
export function readParameters<Shape extends z.ZodRawShape>({ parameters }: ApiRequest, shape: Shape) {
  const parsed = z.strictObject(shape).safeParse(parameters);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const [first = "", ...rest] = (issue?.path ?? []).map(String);
  const param = first + rest.map((part) => `[${part}]`).join("");
  if (issue?.code === "unrecognized_keys") {
    const unknown = [...(param === "" ? [] : [param]), ...issue.keys].join(".");
    throw new StripeFault(400, `Received unknown parameter: ${unknown} (Stripe may know it; local-cloud does not)`, {
      code: "parameter_unknown",
      param: unknown,
    });
  }
  if (issue?.code === "invalid_type" && issue.input === undefined && !has(parameters, issue.path))
    throw new StripeFault(400, `Missing required param: ${param}.`, { code: "parameter_missing", param });
  throw new StripeFault(400, `${issue?.message ?? "Invalid value"}: ${param}`, { code: "parameter_invalid", param });
}

/** Names with an empty text are removed. */
export function mergeMetadata(
  before: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string>> | undefined,
): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ""));
}

/** One page of a list, newest first. */
export function listOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  url: string,
  page: {
    readonly limit: number;
    readonly starting_after?: string | undefined;
    readonly ending_before?: string | undefined;
  },
) {
  const indexOf = (id: string) => {
    const index = items.findIndex((item) => item.id === id);
    if (index < 0) throw new StripeFault(400, `No such object: '${id}'`, { code: "resource_missing" });
    return index;
  };
  if (page.ending_before !== undefined) {
    const end = indexOf(page.ending_before);
    const start = Math.max(0, end - page.limit);
    return { object: "list", data: items.slice(start, end), has_more: start > 0, url };
  }
  const start = page.starting_after === undefined ? 0 : indexOf(page.starting_after) + 1;
  const data = items.slice(start, start + page.limit);
  return { object: "list", data, has_more: start + data.length < items.length, url };
}

function has(value: unknown, path: readonly PropertyKey[]): boolean {
  let current = value;
  for (const name of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, name)) return false;
    current = Reflect.get(current, name);
  }
  return true;
}
