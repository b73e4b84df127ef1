import { idempotencyKey } from "@elastic-gas/shared/accounts/bearer";
import { currentUser } from "@elastic-gas/shared/accounts/sessions";
import type { Request, Response } from "express";

/** Who asks for a change, and from where. */
export interface Requester {
  readonly actor: string;
  readonly address: string | undefined;
  /** One per click or call; a request that is sent twice counts once. */
  readonly key?: string | undefined;
}

/** A signed-in administrator, or the owner of an API token. */
export function requesterOf(req: Request, res: Response): Requester {
  return { actor: actorOf(res), address: req.ip, key: idempotencyKey(req.get("idempotency-key")) };
}

export function actorOf(res: Response): string {
  return currentUser(res).username;
}
