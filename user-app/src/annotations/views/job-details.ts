import { formatDuration } from "@elastic-gas/shared/format/durations";
import { formatBytes } from "@elastic-gas/shared/format/numbers";
import type { JobSummary } from "@elastic-gas/shared/jobs/summary";
import { icon } from "@elastic-gas/shared/ui/parts";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import type { JobState } from "../job-state.ts";
import { stateWord } from "../job-words.ts";
import type { Job } from "../queries.ts";
import { jobActions } from "./job-actions.ts";

export interface JobDetailsProps {
  readonly job: Job;
  readonly state: JobState;
  /** Of completed jobs. */
  readonly summary: JobSummary | undefined;
  /** Start of the log of a completed job; of one that has failed all there is. */
  readonly log: string | undefined;
}

/** The column beside a job's figures: facts, the download as a command, and the start of the log. */
export function jobDetails(props: JobDetailsProps, page: PageContext): Html {
  const { job, state, log } = props;
  return h(
    "aside",
    { class: "app-stack" },
    facts(props, page),
    state.kind === "available" && command(job.id),
    jobActions({ job, state }, page.csrf),
    state.kind !== "failed" &&
      state.kind !== "cancelled" &&
      log !== undefined &&
      h(
        "section",
        { class: "eg-panel", "aria-labelledby": "log" },
        h(
          "div",
          { class: "eg-panel-head" },
          h("h2", { id: "log" }, "Log"),
          h("a", { class: "eg-end eg-small", href: `/annotations/${job.id}/log` }, "Whole log"),
        ),
        h("pre", { class: "eg-log", tabindex: 0, "aria-label": "Start of the log" }, log),
      ),
  );
}

function facts({ job, state, summary }: JobDetailsProps, page: PageContext): Html {
  const href = `/annotations/${job.id}`;
  const fact = (name: string, ...content: readonly Child[]) => [h("dt", {}, name), h("dd", {}, ...content)];
  const small = (text: string) => [h("br", {}), h("span", { class: "eg-secondary" }, text)];
  const seconds = (from: Date, to: Date) => Math.max(0, to.getTime() - from.getTime()) / 1_000;
  return h(
    "section",
    { class: "eg-panel", "aria-labelledby": "details" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "details" }, "Details")),
    h(
      "dl",
      { class: "eg-facts" },
      fact("Job", h("code", {}, job.id)),
      fact("Status", stateWord(state).word),
      fact(
        "Input",
        ...(job.inputDeletedAt === null
          ? [h("a", { href: `${href}/input` }, job.inputName)]
          : [
              job.inputName,
              h("br", {}),
              h("span", { class: "eg-secondary" }, "deleted ", page.time(job.inputDeletedAt, "near")),
            ]),
      ),
      fact("Size", formatBytes(job.inputSize)),
      fact("Requested", page.time(job.submittedAt, "full")),
      job.completedAt !== null &&
        fact(
          job.status === "COMPLETED" ? "Completed" : "Ended",
          page.time(job.completedAt, "full"),
          small(`${formatDuration(seconds(job.submittedAt, job.completedAt))} after the request`),
        ),
      job.status === "COMPLETED" && fact("Result", result(state.kind, href, job.resultSize)),
      job.hasLog === 1 && fact("Log", h("a", { href: `${href}/log` }, "view")),
      summary !== undefined
        ? [
            fact("Build", summary.build, small(summary.buildReason.replace(`${summary.build}, `, ""))),
            fact("Pack", summary.pack),
          ]
        : job.build !== null && fact("Build", `${job.build}, your choice`),
      h("dt", {}, "Times in"),
      h("dd", { "data-time-zone": "" }, page.zone),
    ),
  );
}

const OTHER_FORMATS = [
  ["vcf.gz", "VCF.gz"],
  ["vcf.gz.tbi", "its index"],
  ["tsv", "TSV"],
  ["csv", "CSV"],
] as const;

function result(kind: JobState["kind"], href: string, size: number | null): Child {
  if (kind === "available") {
    return [
      h("a", { href: `${href}/result` }, "VCF"),
      size !== null && `, ${formatBytes(size)}`,
      OTHER_FORMATS.map(([format, name]) => [" · ", h("a", { href: `${href}/result/${format}` }, name)]),
    ];
  }
  if (kind === "restoring") return "being restored";
  return [h("a", { href: "/subscribe" }, "upgrade to Premium"), " to download"];
}

function command(jobId: string): Html {
  return h(
    "section",
    {
      class: "eg-panel app-stack-small eg-screen",
      "data-command": "",
      "data-command-url": `/annotations/${jobId}/link`,
      hidden: true,
      "aria-labelledby": "command",
    },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "command" }, "Command line")),
    h("pre", { class: "eg-log", "data-command-text": "", hidden: true }),
    h(
      "p",
      { class: "eg-actions" },
      h(
        "button",
        { class: "eg-button eg-button-small", type: "button", "data-command-make": "" },
        "Make a download command",
      ),
      h(
        "button",
        { class: "eg-button eg-button-small", type: "button", "data-command-copy": "", hidden: true },
        icon("copy"),
        "Copy",
      ),
    ),
    h("p", { class: "eg-small eg-secondary", "data-command-until": "" }, "A command is valid for 60\u00a0s."),
  );
}
