import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import { note } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import type { PaymentOutcome } from "../payments.ts";
import type { SubscriptionView } from "../queries.ts";

export interface DoneProps {
  readonly outcome: PaymentOutcome;
  readonly subscription: SubscriptionView | undefined;
  /** Archived results that are on their way back. */
  readonly restoring: number;
  readonly price: string;
}

/** What became of a payment. */
export function doneView(props: DoneProps, page: PageContext): Html {
  return h("div", { class: "app-medium app-stack" }, content(props, page));
}

function content({ outcome, subscription, restoring, price }: DoneProps, page: PageContext): readonly Html[] {
  switch (outcome) {
    case "paid":
      return [
        h("h1", {}, "You are Premium"),
        note({
          tone: "ok",
          start: "The payment went through.",
          text:
            restoring > 0
              ? `${formatCountOf(restoring, "archived result")} ${restoring === 1 ? "is" : "are"} being restored, usually within 5\u00a0min, at most 5\u00a0h.`
              : "Results stay available from now on.",
          action: { href: "/annotations", text: "See your annotations" },
        }),
        h(
          "section",
          { class: "eg-panel" },
          h(
            "dl",
            { class: "eg-facts" },
            h("dt", {}, "Plan"),
            h("dd", {}, h("b", {}, "Premium"), `, ${price}`),
            subscription?.currentPeriodEnd && [
              h("dt", {}, "Renews"),
              h("dd", {}, page.time(subscription.currentPeriodEnd, "day")),
            ],
            subscription?.customerId && [h("dt", {}, "Customer"), h("dd", {}, h("code", {}, subscription.customerId))],
          ),
        ),
      ];
    case "confirming":
      return [
        h("h1", {}, "Payment"),
        h(
          "div",
          { "data-reload-seconds": 3 },
          note({
            tone: "info",
            icon: "clock",
            start: "Confirming with Stripe.",
            text: "Usually a few seconds; this page changes by itself.",
          }),
        ),
      ];
    case "not paid":
      return [
        h("h1", {}, "Payment"),
        note({
          tone: "bad",
          start: "The payment did not go through.",
          text: "Nothing was charged; your plan is still Free.",
          action: { href: "/subscribe", text: "Try again" },
        }),
      ];
  }
}
