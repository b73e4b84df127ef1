import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField } from "../../web/views/forms.ts";

export interface UnsubscribeProps {
  readonly retentionSeconds: number;
  readonly freeMaxBytes: number;
  /** The end of what is paid; null when nothing is. */
  readonly paidUntil: Date | null;
  readonly ends: "at-once" | "at-period-end";
}

export function unsubscribeView(props: UnsubscribeProps, page: PageContext): Html {
  const { retentionSeconds, freeMaxBytes, paidUntil, ends } = props;
  const day = paidUntil === null ? undefined : page.time(paidUntil, "day");
  return h(
    "div",
    { class: "app-medium app-stack" },
    h("h1", {}, "Cancel Premium"),
    h(
      "section",
      { class: "eg-panel app-stack-small" },
      day === undefined
        ? h("p", {}, "You switch to Free immediately.")
        : ends === "at-once"
          ? h(
              "p",
              {},
              "You switch to Free immediately and are not charged again. You have paid until ",
              day,
              "; the rest of that time is not refunded.",
            )
          : h("p", {}, "You stay Premium until ", day, ", the end of what you paid. You are not charged again."),
      ends === "at-period-end" && h("p", {}, "After that:"),
      h(
        "ul",
        { class: "app-bullets" },
        h(
          "li",
          {},
          `Results older than ${formatDuration(retentionSeconds)} are archived; log and summary stay open to you.`,
        ),
        h("li", {}, `Files may be up to ${formatBytes(freeMaxBytes)} again.`),
        h("li", {}, "Premium later restores everything that was archived."),
      ),
      h(
        "form",
        { class: "eg-actions", method: "post", action: "/unsubscribe", "data-once": "Cancelling" },
        csrfField(page.csrf),
        h("button", { class: "eg-button eg-button-danger", type: "submit" }, "Cancel Premium"),
        h("a", { class: "eg-button", href: "/profile" }, "Stay Premium"),
      ),
    ),
  );
}
