import { note } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { JobLog } from "../read-log.ts";

export interface LogProps {
  readonly jobId: string;
  readonly inputName: string;
  readonly log: JobLog;
  /** Of the job's state: the page fetches itself again when it is another one. */
  readonly version: string;
}

export function logView({ jobId, inputName, log, version }: LogProps): Html {
  const href = `/annotations/${jobId}`;
  const { text, isUnfinished, cut } = log;
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
    isUnfinished && standsStill(),
    h(
      "div",
      {
        "data-live": isUnfinished ? "log" : "",
        "data-live-part": "log",
        "data-live-url": `${href}/state`,
        "data-live-version": version,
        class: "app-stack",
      },
      cut && note({ tone: "info", start: "Only the first part is shown.", text: "The log is longer." }),
      isUnfinished ? unfinishedLog(text, "app-log") : h("pre", { class: "eg-log app-log", ...LABELLED }, text),
    ),
  );
}

const LABELLED = { tabindex: 0, "aria-label": "Log" };

/** For pages that their script keeps current: shown when it does not. */
export function standsStill(): Html {
  return h(
    "p",
    { class: "eg-no-script eg-secondary" },
    "This page does not update itself: its script did not load. Load it again to see what is new.",
  );
}

/** The log of a job that runs; the page's script puts the new one in its place. */
export function unfinishedLog(text: string, size: "app-log" | "app-log-so-far"): Html {
  return fragment(
    h("p", { class: "eg-secondary" }, "Not finished: the job runs. The whole log comes with its end."),
    h(
      "pre",
      { class: `eg-log ${size}`, "data-live-log": "", tabindex: 0, "aria-label": "Log so far" },
      text || "Nothing yet.",
    ),
  );
}
