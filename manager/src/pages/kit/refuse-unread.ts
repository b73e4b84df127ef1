import { HttpError } from "@elastic-gas/shared/web/errors";
import { refuseNames } from "@elastic-gas/shared/web/refuse-unknown";

/**
 * For addresses that give a file, which does not show what was asked for: throws HttpError 400 for a parameter, or a
 * value, that a page would overlook. `known` has the values that each parameter takes; null: any.
 */
export function refuseUnread(
  query: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, readonly string[] | null>>,
): void {
  refuseNames(Object.keys(query), Object.keys(known), "parameter");
  for (const [name, values] of Object.entries(known)) {
    const given = query[name];
    if (values === null || given === undefined || values.some((value) => value === given)) continue;
    throw new HttpError(
      400,
      `${name}: “${String(given).slice(0, 50)}” is not known here. Known: ${values.join(", ")}.`,
    );
  }
}
