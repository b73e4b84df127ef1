import { isPoolName, type PoolName } from "@elastic-gas/shared/resources";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { Request } from "express";

/** The pool that an address names; 404 when there is no such pool. */
export function poolOfPath(req: Request): PoolName {
  const name = String(req.params.pool);
  if (!isPoolName(name)) throw new HttpError(404, `There is no pool ${name.slice(0, 40)}.`);
  return name;
}
