import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import { HttpError } from "@elastic-gas/shared/web/errors";
import type { Request, Response } from "express";

const SHORTEST_KEY = 8;
const LONGEST_KEY = 100;

/** Who asks for a change, and from where. */
export interface Requester {
  readonly actor: string;
  readonly address: string | undefined;
  /** One per click or call; a request that is sent twice counts once. */
  readonly key?: string | undefined;
}

/** A signed-in administrator, or the owner of an API token. */
export function requesterOf(req: Request, res: Response): Requester {
  return { actor: actorOf(res), address: req.ip, key: requestKey(req) };
}

export function actorOf(res: Response): string {
  return currentUser(res).username;
}

function requestKey(req: Request): string | undefined {
  const key = req.get("idempotency-key");
  if (key === undefined || (key.length >= SHORTEST_KEY && key.length <= LONGEST_KEY)) return key;
  // Whoever sends one relies on it; to ignore it would do the change twice.
  const words = `An Idempotency-Key has ${SHORTEST_KEY} to ${LONGEST_KEY} characters; this one has ${key.length}.`;
  throw new HttpError(400, words);
}
