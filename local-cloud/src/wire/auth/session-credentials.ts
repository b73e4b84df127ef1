import { createHmac } from "node:crypto";
import { z } from "zod";
import { isSameSignature } from "./sigv4.ts";

/** Credentials that end, with the token that tells whose they are. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: Date;
}

const Session = z.object({ role: z.string(), name: z.string(), expiresAt: z.coerce.date() });
/** Whose credentials a token belongs to: a role, taken by someone (an instance), until a moment. */
export type Session = z.infer<typeof Session>;

/**
 * Everything follows from the session and the account's own secret, so nothing is stored and a restart ends no session.
 */
export function issueSession(secret: string, session: Session): SessionCredentials {
  const payload = Buffer.from(JSON.stringify(session)).toString("base64url");
  return {
    accessKeyId: `ASIA${derive(secret, "id", payload).toString("hex").toUpperCase().slice(0, 16)}`,
    secretAccessKey: derive(secret, "key", payload).toString("base64").slice(0, 40),
    sessionToken: `${payload}.${derive(secret, "token", payload).toString("base64url")}`,
    expiresAt: session.expiresAt,
  };
}

/**
 * The session of a token with its credentials; undefined when the token is not one of ours or belongs to another key.
 */
export function readSession(
  secret: string,
  accessKeyId: string,
  token: string,
): { readonly session: Session; readonly credentials: SessionCredentials } | undefined {
  const [payload = "", signature = ""] = token.split(".");
  if (!isSameSignature(derive(secret, "token", payload).toString("base64url"), signature)) return undefined;
  const session = Session.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
  const credentials = issueSession(secret, session);
  return credentials.accessKeyId === accessKeyId ? { session, credentials } : undefined;
}

function derive(secret: string, purpose: string, payload: string): Buffer {
  return createHmac("sha256", secret).update(`${purpose}\n${payload}`).digest();
}
