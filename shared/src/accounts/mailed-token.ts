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
