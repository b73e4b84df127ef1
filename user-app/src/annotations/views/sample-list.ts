import type { Sample } from "@elastic-gas/shared/samples";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { csrfField, hiddenField } from "../../web/views/forms.ts";

/** Files of the project's own, each annotated with one click. */
export function sampleList(samples: readonly Sample[], csrf: string): Html {
  return h(
    "ul",
    { class: "app-plain-list" },
    samples.map(({ file, label, description }) =>
      h(
        "li",
        {},
        h(
          "form",
          { class: "app-sample", method: "post", action: "/annotate/sample", "data-once": "Starting" },
          csrfField(csrf),
          hiddenField("file", file),
          h("button", { class: "eg-button eg-button-small", type: "submit" }, icon("play"), label),
          h("span", { class: "eg-small eg-secondary" }, description),
        ),
      ),
    ),
  );
}
