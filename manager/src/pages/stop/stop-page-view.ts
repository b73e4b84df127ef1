import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { ViewContext } from "../frame/send-page.ts";
import { csrfField, icon } from "../kit/parts.ts";
import { stopProgress, stopTable, stopWord, stopWords } from "./stop-view.ts";

export interface StopPage {
  readonly fleet: FleetSnapshot;
  readonly drainSeconds: number;
  /** Empty unless the typed word was wrong. */
  readonly error: string;
}

export function stopPageView({ fleet, drainSeconds, error }: StopPage, { reader, csrf }: ViewContext): Html[] {
  const progress = stopProgress(fleet, reader);
  return [
    h("div", { class: "page-head" }, h("h1", {}, "Stop manager")),
    h(
      "div",
      { class: "danger-page stack-wide" },
      h("div", { "data-part": "stop-progress" }, progress),
      progress === null &&
        h(
          "section",
          { class: "eg-panel danger-panel" },
          h(
            "p",
            {},
            h("strong", {}, "This ends the service for everyone."),
            " All workers are drained and terminated, then the manager ends (on EC2 its instance stops). Nobody can sign in until it is started again.",
          ),
          h("div", { class: "eg-table-box", "data-part": "stop-table" }, stopTable(fleet, drainSeconds)),
          h(
            "p",
            { class: "eg-secondary danger-kept" },
            kept("Accounts, jobs, files and policies stay"),
            kept("Instances without our tags are not touched"),
          ),
          stopForm(fleet, { error, csrf }),
        ),
    ),
  ];
}

function kept(words: string): Html {
  return h("span", {}, icon("check"), h("span", {}, words));
}

function stopForm(fleet: FleetSnapshot, { error, csrf }: { readonly error: string; readonly csrf: string }): Html {
  const word = stopWord(fleet.prefix);
  const invalid: Record<string, Child> =
    error === "" ? {} : { "aria-invalid": "true", "aria-describedby": "word-error" };
  return h(
    "form",
    { method: "post", action: "/settings/stop", class: "eg-form", "data-typed-form": "" },
    csrfField(csrf),
    h(
      "div",
      { class: "eg-field danger-field" },
      h("label", { class: "eg-label", for: "word" }, "Type ", h("code", {}, word), " to confirm"),
      h("input", {
        class: "eg-input eg-mono",
        id: "word",
        name: "word",
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: false,
        required: true,
        "data-typed": word,
        ...invalid,
      }),
      error !== "" && h("p", { class: "eg-error", id: "word-error", role: "alert" }, error),
    ),
    h(
      "div",
      { class: "eg-actions" },
      h(
        "button",
        { class: "eg-button eg-button-danger", type: "submit", "data-typed-button": "" },
        icon("stop"),
        h("span", { "data-part": "stop-words" }, stopWords(fleet)),
      ),
      h("a", { class: "eg-button", href: "/" }, "Cancel"),
      h("span", { class: "eg-reason", "data-typed-reason": "", hidden: true }, "Type the name to enable the button."),
    ),
  );
}
