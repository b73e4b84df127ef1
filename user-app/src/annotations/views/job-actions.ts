import { icon } from "@elastic-gas/shared/ui/parts";
import { type Html, h } from "@elastic-gas/shared/web/html";
import { csrfField, options } from "../../web/views/forms.ts";
import type { JobState } from "../job-state.ts";
import type { Job } from "../queries.ts";
import { BUILDS } from "../upload.ts";

/** Ends a job that waits or runs. */
export function cancelForm(jobId: string, csrf: string): Html {
  return h(
    "form",
    { method: "post", action: `/annotations/${jobId}/cancel`, "data-once": "Cancelling" },
    csrfField(csrf),
    h("button", { class: "eg-button", type: "submit", "data-job-cancel": "" }, icon("cross"), "Cancel the job"),
  );
}

/** What else can be done with a job: annotate its file again, as another build too, or delete it with its files. */
export function jobActions({ job, state }: { readonly job: Job; readonly state: JobState }, csrf: string): Html {
  const href = `/annotations/${job.id}`;
  const isOver = state.kind !== "queued" && state.kind !== "running";
  const files = isOver ? "input, result, log and archive" : "its input; it is cancelled first";
  return h(
    "section",
    { class: "eg-panel app-stack-small eg-screen", "aria-labelledby": "actions" },
    h("div", { class: "eg-panel-head" }, h("h2", { id: "actions" }, "This job")),
    isOver &&
      job.inputDeletedAt === null &&
      h(
        "form",
        { class: "eg-form", method: "post", action: `${href}/annotate-again`, "data-once": "Starting" },
        csrfField(csrf),
        h(
          "div",
          { class: "eg-field" },
          h("label", { class: "eg-label", for: "again-build" }, "Genome build"),
          h(
            "select",
            { class: "eg-select", id: "again-build", name: "build" },
            h("option", { value: "" }, "Detect"),
            options(BUILDS, job.build ?? undefined),
          ),
        ),
        h(
          "div",
          { class: "app-action" },
          h("button", { class: "eg-button", type: "submit" }, icon("refresh"), "Annotate the file again"),
          h("p", { class: "eg-help" }, "A new job on the same input; this one stays to compare."),
        ),
      ),
    isOver &&
      job.inputDeletedAt === null &&
      h(
        "form",
        {
          class: "app-action",
          method: "post",
          action: `${href}/input/delete`,
          "data-once": "Deleting",
          "data-confirm": `Delete the input ${job.inputName}? The file cannot be annotated again then.`,
        },
        csrfField(csrf),
        h("button", { class: "eg-button eg-button-danger", type: "submit" }, icon("trash"), "Delete the input only"),
        h("p", { class: "eg-help" }, `${whatStays(job)}. The file cannot be annotated again then.`),
      ),
    h(
      "form",
      {
        class: "app-action",
        method: "post",
        action: `${href}/delete`,
        "data-once": "Deleting",
        "data-confirm": `Delete ${job.title ?? job.inputName} with ${files}? This cannot be undone.`,
      },
      csrfField(csrf),
      h("button", { class: "eg-button eg-button-danger", type: "submit" }, icon("trash"), "Delete the job"),
      h("p", { class: "eg-help" }, `With ${files}. This cannot be undone.`),
    ),
  );
}

function whatStays({ status, hasLog }: Job): string {
  if (status === "COMPLETED") return hasLog === 1 ? "Result and log stay" : "The result stays";
  return hasLog === 1 ? "The job and its log stay" : "The job stays";
}
