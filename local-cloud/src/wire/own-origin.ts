import type { IncomingMessage } from "node:http";

/**
 * Stricter than KnownHosts: browsers tell a form's or script's origin with every change, and only our own page's will
 * do. Programs tell none.
 */
export function isOwnOrigin({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
}
