import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";

/** The path of a link that was mailed. */
export const LinkParams = z.object({ token: z.string().regex(/^[\w-]{20,100}$/) });

/** The secret part of a link that is mailed: 256 random bits. */
export function makeToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What is stored of it: the table alone opens nothing. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/**
 * How long a link may be asked for before its mail is sent: a mail service that is away delays it, and after a day
 * nobody waits for it any more.
 */
const REQUEST_HOURS = 24;

/**
 * A row of a link that is asked for: it holds the place of the link, and ends with it when the account's links end, but
 * nobody knows its token. The link itself is made when its mail is sent, so no table ever holds one that works.
 */
export function makeRequest(now: Date): { readonly tokenHash: string; readonly expiresAt: Date } {
  return { tokenHash: hashToken(makeToken()), expiresAt: new Date(now.getTime() + REQUEST_HOURS * 3_600_000) };
}
