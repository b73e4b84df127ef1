import type { RequestHandler } from "express";
import { z } from "zod";
import { HttpError } from "./errors.ts";
import type { ApiOperation } from "./openapi.ts";

/**
 * Refuses with 400 parameters and fields that the operation does not have: a misspelt one would otherwise silently mean
 * its default. Put it after the parser of the body.
 */
export function refuseUnknown({ query, body }: ApiOperation): RequestHandler {
  const parameters = namesOf(query);
  const fields = namesOf(body);
  return (req, _res, next) => {
    refuseNames(Object.keys(req.query), parameters, "parameter");
    const sent: unknown = req.body;
    if (typeof sent === "object" && sent !== null && !Array.isArray(sent) && !Buffer.isBuffer(sent))
      refuseNames(Object.keys(sent), fields, "field");
    next();
  };
}

/** Throws HttpError 400 for a name that is not among the known ones. */
export function refuseNames(
  names: Iterable<string>,
  known: readonly string[] | undefined,
  what: "parameter" | "field",
): void {
  if (known === undefined) return;
  const unknown = [...names].filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const [plural, verb] = unknown.length === 1 ? ["", "is"] : ["s", "are"];
  const shown = unknown.slice(0, 5).map((name) => `“${name.slice(0, 50)}”`);
  const there = known.length === 0 ? `No ${what} is taken here.` : `Known: ${known.join(", ")}.`;
  throw new HttpError(400, `The ${what}${plural} ${shown.join(", ")} ${verb} not known here. ${there}`);
}

/** Undefined for a schema that does not tell. */
function namesOf(schema: z.ZodType | undefined): readonly string[] | undefined {
  if (schema === undefined) return [];
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}
