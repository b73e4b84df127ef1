import { DEFAULT_LIFETIME, hasExpired, TOKEN_LIFETIMES, timeUntil } from "../accounts/token-lifetime.ts";
import { type Child, fragment, type Html, h } from "../web/html.ts";

/** In the form of a new API token: how long it may be used. */
export function lifetimeField(): Html {
  return h(
    "div",
    { class: "eg-field" },
    h("label", { class: "eg-label", for: "token-lifetime" }, "Expires"),
    h(
      "select",
      { class: "eg-select", id: "token-lifetime", name: "lifetime" },
      Object.entries(TOKEN_LIFETIMES).map(([value, words]) =>
        h("option", { value, selected: value === DEFAULT_LIFETIME }, words),
      ),
    ),
    h("p", { class: "eg-help" }, "You are told by mail a week before."),
  );
}

/** When a token ends, in a list; `day` writes the day in the reader's zone. */
export function expiryText(expiresAt: Date | null, now: Date, day: (at: Date) => Html): Child {
  if (expiresAt === null) return "never";
  if (hasExpired(expiresAt, now)) return day(expiresAt);
  return fragment(day(expiresAt), ` (${timeUntil(expiresAt, now)})`);
}
