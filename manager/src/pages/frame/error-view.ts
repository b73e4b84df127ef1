import type { ErrorView } from "@elastic-gas/shared/web/errors";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { time } from "../kit/parts.ts";
import type { ViewContext } from "./send-page.ts";

export function errorView({ status, sentence, remedy, link, requestId }: ErrorView, { reader }: ViewContext): Html {
  return h(
    "section",
    { class: "eg-panel error-page" },
    h("p", { class: "eg-small eg-secondary" }, `Error ${status}`),
    h("h1", {}, sentence),
    remedy !== undefined && h("p", {}, remedy),
    h(
      "p",
      { class: "eg-actions" },
      h("a", { class: "eg-button", href: "/" }, "Pools"),
      link !== undefined && h("a", { class: "eg-button", href: link.href }, link.text),
    ),
    h("p", { class: "eg-small eg-secondary" }, `Request ${requestId} at `, time(reader.now, reader)),
  );
}
