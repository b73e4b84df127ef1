import type { ErrorView } from "@elastic-gas/shared/web/errors";
import { type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../page-context.ts";

export interface ErrorProps extends ErrorView {
  readonly back: { readonly href: string; readonly text: string };
}

export function errorView({ status, sentence, remedy, link, back, requestId }: ErrorProps, page: PageContext): Html {
  return h(
    "section",
    { class: "eg-panel app-error", "aria-labelledby": "error-title" },
    h("p", { class: "eg-mono eg-secondary" }, status),
    h("h1", { id: "error-title" }, sentence),
    remedy !== undefined && h("p", { class: "eg-secondary" }, remedy),
    h(
      "p",
      { class: "eg-actions" },
      link !== undefined && h("a", { class: "eg-button eg-button-primary", href: link.href }, link.text),
      link?.href !== back.href && h("a", { class: "eg-button", href: back.href }, back.text),
    ),
    h("p", { class: "eg-small eg-secondary" }, `Request ${requestId}, `, page.time(page.now, "time")),
  );
}
