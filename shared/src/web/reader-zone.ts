import type { Request } from "express";
import type { Config } from "../config.ts";

/** Written by the page's script. */
const ZONE_COOKIE = /(?:^|;\s*)zone=([^;]+)/;

/**
 * The reader's time zone as the browser tells it, for what the server writes; the installation's own without script.
 */
export function readerZone(req: Request, { DISPLAY_TIME_ZONE }: Pick<Config, "DISPLAY_TIME_ZONE">): string {
  const sent = ZONE_COOKIE.exec(req.get("cookie") ?? "")?.[1];
  if (sent === undefined) return DISPLAY_TIME_ZONE;
  try {
    const zone = decodeURIComponent(sent);
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return DISPLAY_TIME_ZONE; // no zone that this server knows
  }
}
