import { formatBytes } from "@elastic-gas/shared/format/numbers";
import { state } from "@elastic-gas/shared/ui/parts";
import { fragment, type Html, h } from "@elastic-gas/shared/web/html";
import type { PageContext } from "../../web/page-context.ts";
import type { JobState } from "../job-state.ts";
import { stateWord } from "../job-words.ts";
import type { Job } from "../queries.ts";

export function submittedView(
  { job, jobState }: { readonly job: Job; readonly jobState: JobState },
  page: PageContext,
): Html {
  const href = `/annotations/${job.id}`;
  const { word, detail } = stateWord(jobState);
  const email = page.user?.email ?? null;
  return fragment(
    h("div", { class: "app-head" }, h("h1", {}, "Request received")),
    h(
      "section",
      { class: "eg-panel app-stack-small", "aria-label": "Your request" },
      h("p", { "data-job-status": job.status }, state(word, { detail })),
      h(
        "dl",
        { class: "eg-facts" },
        h("dt", {}, "Job"),
        h("dd", {}, h("a", { href }, h("code", {}, job.id))),
        h("dt", {}, "File"),
        h("dd", {}, `${job.inputName}, ${formatBytes(job.inputSize)}`),
        h("dt", {}, "Requested"),
        h(
          "dd",
          {},
          page.time(job.submittedAt, "full"),
          " ",
          h("span", { class: "eg-secondary", "data-time-zone": "" }, page.zone),
        ),
      ),
      h(
        "p",
        { class: "eg-secondary" },
        email === null
          ? "Enter an e-mail address in your profile to get a mail when it is done."
          : `A mail goes to ${email} when it is done.`,
      ),
      h(
        "p",
        { class: "eg-actions" },
        h("a", { class: "eg-button eg-button-primary", href }, "Watch the job"),
        h("a", { class: "eg-button", href: "/annotate" }, "Another file"),
      ),
    ),
  );
}
