import type { EC2Client } from "@aws-sdk/client-ec2";
import type { PasswordVerifier } from "@elastic-gas/shared/accounts/passwords";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { Resources } from "@elastic-gas/shared/resources";
import { currentUser } from "@elastic-gas/shared/web/sessions";
import type { Request, Response } from "express";
import type { Watcher } from "../live/watcher.ts";
import type { SendPage } from "./pages.ts";

/** What the pages' routes share. */
export interface PageDeps {
  readonly db: Database;
  readonly ec2: EC2Client;
  readonly config: Config;
  readonly resources: Resources;
  readonly log: Logger;
  readonly passwords: PasswordVerifier;
  readonly watcher: Watcher;
  readonly sendPage: SendPage;
  readonly now: () => number;
}

/** Who asks: a signed-in administrator, or the owner of an API token. */
export function actorOf(res: Response): string {
  return currentUser(res).username;
}

/** The key of one click, so that a request that is sent twice counts once. */
export function requestKey(req: Request): string | undefined {
  const key = req.get("idempotency-key");
  return key === undefined || key.length < 8 || key.length > 100 ? undefined : key;
}

/** Scripts ask for JSON; forms get a redirect. */
export function isFromScript(req: Request): boolean {
  return req.get("accept") === "application/json";
}
