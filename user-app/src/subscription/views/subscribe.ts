import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes, formatCountOf } from "@elastic-gas/shared/format/numbers";
import { icon, note } from "@elastic-gas/shared/ui/parts";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField } from "../../web/views/forms.ts";

export interface SubscribeProps {
  readonly archived: number;
  /** `$999.99 a week` */
  readonly price: string;
  readonly isSetUp: boolean;
  readonly retentionSeconds: number;
  readonly premiumMaxBytes: number;
}

export function subscribeView(props: SubscribeProps, page: PageContext): Html {
  const { archived, price, isSetUp, retentionSeconds, premiumMaxBytes } = props;
  const point = (...content: readonly Child[]) =>
    h("li", { class: "eg-tone-ok" }, icon("disc-check"), h("span", {}, ...content));
  const [amount = "", ...period] = price.split(" ");
  return h(
    "div",
    { class: "app-medium app-stack" },
    h("h1", {}, "Premium"),
    h(
      "div",
      { class: "app-split-even" },
      h(
        "section",
        { class: "eg-panel app-stack-small", "aria-labelledby": "changes" },
        h("h2", { id: "changes" }, "What changes"),
        h(
          "ul",
          { class: "app-checks" },
          point(`Files of up to ${formatBytes(premiumMaxBytes)}`),
          point("Results stay available; nothing new is archived"),
          archived > 0
            ? point(
                h("b", {}, formatCountOf(archived, "archived result")),
                ` ${archived === 1 ? "is" : "are"} restored, usually within 5\u00a0min, at most 5\u00a0h`,
              )
            : point("Archived results are restored"),
          point("Cancel whenever you like"),
          h(
            "li",
            { class: "eg-tone-info" },
            icon("info"),
            h(
              "span",
              {},
              "What annotations hold stays the same: for NCBI36 (hg18) the pack that comes with the program has cytobands only, no genes and no ClinVar",
            ),
          ),
        ),
        h("h3", {}, "After cancelling"),
        h(
          "p",
          { class: "eg-secondary" },
          `You switch back to Free. Results older than ${formatDuration(retentionSeconds)} are then archived; log and summary stay.`,
        ),
      ),
      h(
        "section",
        { class: "eg-panel app-stack-small", "aria-label": "Price" },
        h(
          "p",
          {},
          h("span", { class: "eg-figure" }, amount),
          h("br", {}),
          h("span", { class: "eg-secondary" }, `${period.join(" ")}, renews until you cancel`),
        ),
        isSetUp ? paymentForm(page.csrf) : notSetUp(),
      ),
    ),
  );
}

function paymentForm(csrf: string): Html {
  return fragment(
    h(
      "form",
      { method: "post", action: "/subscribe", "data-once": "Opening the payment page" },
      csrfField(csrf),
      h("button", { class: "eg-button eg-button-primary eg-button-wide", type: "submit" }, "Continue to payment"),
    ),
    h(
      "p",
      { class: "eg-help" },
      "Payment happens at Stripe. Card data never reaches us. You are charged only once, even if you click twice.",
    ),
  );
}

function notSetUp(): Html {
  return fragment(
    h(
      "button",
      { class: "eg-button eg-button-primary eg-button-wide", type: "button", disabled: true },
      "Continue to payment",
    ),
    note({
      tone: "warn",
      start: "Payment is not set up here.",
      text: "An administrator can make your account Premium.",
    }),
  );
}
