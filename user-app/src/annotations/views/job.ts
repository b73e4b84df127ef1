import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { icon, note, state as stateBadge } from "@elastic-gas/shared/ui/parts";
import type { Note } from "@elastic-gas/shared/ui/states";
import { type Child, fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import { csrfField } from "../../web/views/forms.ts";
import type { BuildNotice } from "../figures.ts";
import { isChanging, type JobState, stateVersion } from "../job-state.ts";
import { type Step, stateWord } from "../job-words.ts";
import { firstRecords } from "./first-records.ts";
import { cancelForm } from "./job-actions.ts";
import { type JobDetailsProps, jobDetails } from "./job-details.ts";
import { jobSummary } from "./job-summary.ts";
import { standsStill, unfinishedLog } from "./log.ts";

export interface JobProps extends JobDetailsProps {
  /** What the state means for the reader. */
  readonly note: Note | undefined;
  /** What is to know about the genome build, and the builds to try instead; undefined when it is certain. */
  readonly buildNotice: BuildNotice | undefined;
  /** Why the genome build may be wrong although the file names it, a sentence. */
  readonly doubt: string | undefined;
  /** Time left to download, as a clock. */
  readonly left: string;
  readonly steps: readonly Step[];
}

/** A job's page. What is in `data-live-part` is fetched again by the page's script whenever the state changes. */
export function jobView(props: JobProps, page: PageContext): Html {
  const { job, state, summary } = props;
  return fragment(
    h(
      "nav",
      { class: "app-crumbs", "aria-label": "Path" },
      h("a", { href: "/annotations" }, "Annotations"),
      " / ",
      h("span", { class: "eg-mono" }, job.id.slice(0, 8)),
    ),
    isChanging(state) && standsStill(),
    h(
      "div",
      {
        "data-live": isChanging(state) ? "job" : "",
        "data-live-part": "job",
        "data-live-url": `/annotations/${job.id}/state`,
        "data-live-version": stateVersion(state),
        class: "app-stack",
      },
      head(props, page.csrf),
      props.buildNotice !== undefined && buildNote(props.buildNotice, job.id, page.csrf),
      downloadNote(props),
      props.buildNotice === undefined &&
        props.doubt !== undefined &&
        note({ tone: "warn", start: "Is this the right genome build?", text: props.doubt }),
      steps(props, page),
      h(
        "div",
        { class: "app-split" },
        h("div", { class: "app-stack" }, summary === undefined ? unfinished(props, page) : jobSummary(summary)),
        jobDetails(props, page),
      ),
      summary !== undefined &&
        summary.firstRecords.length > 0 &&
        firstRecords(summary, state.kind === "available" ? `/annotations/${job.id}/records` : undefined),
    ),
  );
}

function head({ job, state }: JobProps, csrf: string): Html {
  const { word, detail } = stateWord(state);
  return h(
    "div",
    { class: "app-head" },
    h("h1", { class: "app-break" }, job.title ?? job.inputName),
    h("span", { "data-job-status": job.status }, stateBadge(word, { detail })),
    h(
      "div",
      { class: "eg-actions app-head-end" },
      mainAction(job.id, state, csrf),
      job.status !== "RUNNING" &&
        job.hasLog === 1 &&
        h("a", { class: "eg-button", href: `/annotations/${job.id}/log`, "data-job-log": "" }, "View log"),
    ),
  );
}

/** The doubt about the genome build, with a button for each build that the file may belong to instead. */
function buildNote({ tone, start, text, alternatives }: BuildNotice, jobId: string, csrf: string): Html {
  return h(
    "div",
    { class: `eg-note eg-note-${tone}`, role: tone === "bad" ? "alert" : undefined, "data-build-notice": "" },
    icon("warning"),
    h("p", { class: "eg-note-text" }, h("strong", {}, start), " ", text),
    alternatives.map((build) =>
      h(
        "form",
        { method: "post", action: `/annotations/${jobId}/annotate-again`, "data-once": "Starting" },
        csrfField(csrf),
        h("input", { type: "hidden", name: "build", value: build }),
        h("button", { class: "eg-button eg-button-small", type: "submit" }, `Annotate again as ${build}`),
      ),
    ),
  );
}

function mainAction(jobId: string, state: JobState, csrf: string): Child {
  const href = `/annotations/${jobId}`;
  switch (state.kind) {
    case "available":
      return h(
        "a",
        { class: "eg-button eg-button-primary", href: `${href}/result`, "data-job-result": "" },
        icon("download"),
        "Download result",
      );
    case "restoring":
      return h("span", { class: "eg-button", "aria-disabled": "true" }, "Download result");
    case "queued":
    case "running":
      return cancelForm(jobId, csrf);
    case "cancelled":
      return runAgainForm(href, csrf);
    case "failed":
      return [
        h("a", { class: "eg-button eg-button-primary", href: "/annotate" }, "Send a corrected file"),
        runAgainForm(href, csrf),
      ];
    case "expired":
    case "archived":
      return undefined;
  }
}

function runAgainForm(href: string, csrf: string): Html {
  return h(
    "form",
    { method: "post", action: `${href}/run-again`, "data-once": "Starting" },
    csrfField(csrf),
    h("button", { class: "eg-button", type: "submit" }, icon("refresh"), "Run again"),
  );
}

function downloadNote({ state, note: shown, left }: JobProps): Child {
  if (state.kind !== "available" || state.until === undefined) return shown !== undefined && note(shown);
  return h(
    "div",
    { class: "eg-note eg-note-info" },
    icon("clock"),
    h(
      "p",
      { class: "eg-note-text" },
      h("strong", {}, "Download within ", h("span", { "data-countdown-to": state.until.toISOString() }, left), "."),
      " Then the result is archived; Premium restores it. Log and summary stay.",
    ),
    h("a", { class: "eg-note-action", href: "/subscribe" }, "Keep it: Premium"),
  );
}

function steps({ job, state, steps: all }: JobProps, page: PageContext): Html {
  return h(
    "section",
    { class: "eg-panel", "aria-label": "Steps" },
    h(
      "ol",
      { class: "eg-steps" },
      all.map((step) => stepItem(step, page)),
    ),
    state.kind === "running" &&
      state.percent !== null &&
      h(
        "div",
        { class: "eg-progress app-gap" },
        h(
          "div",
          { class: "eg-progress-words" },
          h("span", {}, `Annotated: ${state.percent}\u00a0%`),
          h(
            "span",
            { class: "eg-secondary" },
            `${formatBytes((job.inputSize * state.percent) / 100)} of ${formatBytes(job.inputSize)}`,
          ),
        ),
        h("progress", { max: 100, value: state.percent, "aria-label": "Annotated" }),
      ),
  );
}

/** What the time of a step is, where it is not when the step ended. */
const TIME_MEANINGS: Readonly<Record<string, string>> = { Available: "until ", Restoring: "asked " };

function stepItem({ name, look, icon: glyph, at, detail }: Step, page: PageContext): Html {
  return h(
    "li",
    { class: `eg-step eg-step-${look}`, "aria-current": look === "now" ? "step" : undefined },
    h("span", { class: "eg-step-name" }, glyph !== undefined && icon(glyph), name),
    h(
      "span",
      { class: "eg-step-time" },
      at !== null && [TIME_MEANINGS[name], page.time(at, "time"), detail !== "" && ", "],
      detail,
    ),
  );
}

function logSoFar({ id, runningLog }: JobProps["job"]): Html {
  return h(
    "section",
    { class: "eg-panel", "aria-labelledby": "log" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", { id: "log" }, "Log so far"),
      h("a", { class: "eg-end eg-small", href: `/annotations/${id}/log` }, "On a page of its own"),
    ),
    unfinishedLog(runningLog ?? "", "app-log-so-far"),
  );
}

function unfinished({ job, state, log }: JobProps, page: PageContext): Child {
  const panel = (text: string) => h("section", { class: "eg-panel" }, h("p", { class: "eg-secondary" }, text));
  if (state.kind === "queued" || state.kind === "running") {
    const start = state.kind === "queued" ? "The job waits for a free annotator." : "The file is being annotated.";
    const email = page.user?.email ?? null;
    const mail = email === null ? "" : ` We will e-mail ${email} when it is done.`;
    return fragment(
      panel(`${start} This page changes by itself; you may close it.${mail}`),
      state.kind === "running" && logSoFar(job),
    );
  }
  return fragment(
    state.kind === "failed" &&
      panel(`Only the input${job.hasLog === 0 ? " file was" : " file and the log were"} kept.`),
    job.status === "FAILED" && log !== undefined && logOfEnded(job.id, log),
  );
}

function logOfEnded(jobId: string, log: string): Html {
  return h(
    "section",
    { class: "eg-panel", "aria-labelledby": "log" },
    h(
      "div",
      { class: "eg-panel-head" },
      h("h2", { id: "log" }, "Log"),
      h("a", { class: "eg-end eg-small", href: `/annotations/${jobId}/log` }, "On a page of its own"),
    ),
    h("pre", { class: "eg-log app-log-so-far", tabindex: 0, "aria-label": "Log as far as it came" }, log),
  );
}
