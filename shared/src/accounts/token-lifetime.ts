import { z } from "zod";
import { formatDuration } from "../format/durations.ts";
import { NO_BREAK_SPACE } from "../format/numbers.ts";

const DAY_MS = 86_400_000;

/** How long a new API token may be used, as it is chosen: in days, or without an end. */
export const TOKEN_LIFETIMES = { "30": "in 30 days", "90": "in 90 days", "365": "in 1 year", none: "never" } as const;
const CHOICES = ["30", "90", "365", "none"] as const satisfies readonly (keyof typeof TOKEN_LIFETIMES)[];
export const DEFAULT_LIFETIME = "90";

export const TokenLifetime = z
  .enum(CHOICES, { error: `A token ends after ${CHOICES.slice(0, -1).join(", ")} days, or none.` })
  .default(DEFAULT_LIFETIME);
export type TokenLifetime = z.infer<typeof TokenLifetime>;

/** When a token that is made now ends; null: never. */
export function expiryOf(lifetime: TokenLifetime, now: Date): Date | null {
  return lifetime === "none" ? null : new Date(now.getTime() + Number(lifetime) * DAY_MS);
}

/** A token works until this instant, and not at it. */
export function hasExpired(expiresAt: Date | null, now: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() <= now.getTime();
}

/** `in 90 days`, of the last two days `in 5 h 10 min`. */
export function timeUntil(at: Date, now: Date): string {
  const left = at.getTime() - now.getTime();
  const words =
    left > 2 * DAY_MS ? `${Math.ceil(left / DAY_MS)}${NO_BREAK_SPACE}days` : formatDuration(Math.ceil(left / 1_000));
  return `in${NO_BREAK_SPACE}${words}`;
}
