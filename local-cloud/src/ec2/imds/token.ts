import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** EC2's longest life of a token: six hours. */
const MAX_TTL_SECONDS = 21_600;

/** The header's value as seconds; undefined when EC2 would answer 400. */
export function parseTtl(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d+$/.test(header)) return undefined;
  const seconds = Number(header);
  return seconds >= 1 && seconds <= MAX_TTL_SECONDS ? seconds : undefined;
}

/** A token carries its own end and signature, so that it outlives a restart of the endpoint. */
export function issueToken(secret: string, ttlSeconds: number, now: Date): string {
  const payload = `${Math.floor(now.getTime() / 1000) + ttlSeconds}.${randomBytes(9).toString("base64url")}`;
  return `${payload}.${sign(secret, payload)}`;
}

export function isTokenValid(secret: string, token: string, now: Date): boolean {
  const dot = token.lastIndexOf(".");
  const payload = token.slice(0, Math.max(0, dot));
  const given = Buffer.from(token.slice(dot + 1));
  const expected = Buffer.from(sign(secret, payload));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
  return Number(payload.split(".")[0]) * 1000 > now.getTime();
}

function sign(secret: string, payload: string): string {
  return createHmac("sha256", secret).update(payload).digest("base64url");
}
