import { note } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";

export interface LogProps {
  readonly jobId: string;
  readonly inputName: string;
  readonly text: string;
  /** Only its start is shown. */
  readonly cut: boolean;
}

export function logView({ jobId, inputName, text, cut }: LogProps): Html {
  const href = `/annotations/${jobId}`;
  return fragment(
    h(
      "nav",
      { class: "app-crumbs", "aria-label": "Path" },
      h("a", { href: "/annotations" }, "Annotations"),
      " / ",
      h("a", { class: "eg-mono", href }, jobId.slice(0, 8)),
      " / log",
    ),
    h(
      "div",
      { class: "app-head" },
      h("h1", { class: "app-break" }, `Log of ${inputName}`),
      h("a", { class: "eg-button app-head-end", href }, "Back to the job"),
    ),
    h("p", { class: "eg-secondary" }, "Job ", h("code", {}, jobId)),
    cut && note({ tone: "info", start: "Only the first part is shown.", text: "The log is longer." }),
    h("pre", { class: "eg-log app-log", tabindex: 0, "aria-label": "Log" }, text),
  );
}
