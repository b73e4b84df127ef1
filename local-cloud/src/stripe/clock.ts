import { type Html, h } from "@elastic-gas/shared/web/html";
import { dateText } from "../pages/page.ts";
import type { StripeStore } from "./store.ts";

const DAY_SECONDS = 86_400;
const MAX_DAYS = 366;

/**
 * The clock of billing: real time, or ahead of it by what people asked for. It only goes forward, and stays ahead over
 * restarts, as Stripe's test clocks do.
 */
export class BillingClock {
  readonly #store: StripeStore;
  readonly #real: () => Date;
  #aheadSeconds: number;

  constructor(store: StripeStore, real: () => Date) {
    this.#store = store;
    this.#real = real;
    this.#aheadSeconds = store.readAheadSeconds();
  }

  readonly now = (): Date => new Date(this.#real().getTime() + this.#aheadSeconds * 1_000);

  advance(seconds: number): void {
    this.#aheadSeconds += seconds;
    this.#store.writeAheadSeconds(this.#aheadSeconds);
  }
}

/**
 * Seconds that a form asks to go forward: `days`, more than 0 and at most a year; undefined when it does not say so.
 */
export function readAdvance(form: URLSearchParams): number | undefined {
  const days = Number(form.get("days") ?? Number.NaN);
  return days > 0 && days <= MAX_DAYS ? Math.round(days * DAY_SECONDS) : undefined;
}

export function clockForm(now: Date): Html {
  const time = dateText(Math.floor(now.getTime() / 1_000));
  const days = { type: "number" as const, name: "days", value: 7, min: 0, max: MAX_DAYS, step: "any", required: true };
  return h(
    "form",
    { method: "post", action: "/_stripe/clock" },
    h("p", {}, "The clock of billing says ", time, "."),
    h("label", {}, "Forward by (days) ", h("input", days)),
    h("div", { class: "actions" }, h("button", {}, "Move the clock")),
  );
}
