import { randomBytes } from "node:crypto";
import { sessions } from "@elastic-gas/shared/accounts/sessions";
import type { Database } from "@elastic-gas/shared/database/connect";
import { insertUnlessThere } from "@elastic-gas/shared/database/insert-unless-there";
import type { RequestHandler } from "express";

export const SESSION_COOKIE = "gas_session";

export interface WorkerSessionOptions {
  readonly db: Database;
  /** From the settings; without one, all workers share a secret that the first of them puts into the database. */
  readonly secret: string | undefined;
  readonly hours: number;
  readonly isHttps: boolean;
}

/**
 * Sessions whose secret is looked up at the first request that needs it, so that a worker starts while MySQL is down.
 */
export function workerSessions({ db, secret, hours, isHttps }: WorkerSessionOptions): RequestHandler {
  const create = (key: string) =>
    sessions({ db, table: "sessions", secret: key, cookieName: SESSION_COOKIE, hours, isHttps });
  let handler = secret === undefined ? undefined : create(secret);
  return async (req, res, next) => {
    handler ??= create(await findOrMakeSecret(db));
    return handler(req, res, next);
  };
}

async function findOrMakeSecret(db: Database): Promise<string> {
  const known = await db.selectFrom("settings").select("value").where("name", "=", "session_secret").executeTakeFirst();
  if (known !== undefined) return known.value;
  await insertUnlessThere(
    db.insertInto("settings").values({ name: "session_secret", value: randomBytes(32).toString("hex") }),
  );
  const { value } = await db
    .selectFrom("settings")
    .select("value")
    .where("name", "=", "session_secret")
    .executeTakeFirstOrThrow();
  return value;
}
