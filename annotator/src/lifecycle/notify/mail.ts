import { escapeHtml } from "@elastic-gas/shared/format/escape-html";

export interface FinishedJob {
  readonly id: string;
  readonly inputName: string;
  readonly outcome: "COMPLETED" | "FAILED";
  readonly failure: string | null;
  /** What is to know about the genome build, sentences; null when it is certain. */
  readonly buildWarning: string | null;
  readonly submittedAt: Date;
  readonly completedAt: Date;
}

export interface MailContext {
  /** Address of user-app without a trailing slash. */
  readonly baseUrl: string;
  readonly timeZone: string;
  /** Until when a Free user may download; null for Premium. */
  readonly downloadUntil: Date | null;
}

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The mail about a finished job, in text and HTML; the job's id leads to its page. */
export function jobMail(job: FinishedJob, { baseUrl, timeZone, downloadUntil }: MailContext): MailText {
  const url = `${baseUrl}/annotations/${job.id}`;
  const time = (at: Date) => timeText(at, timeZone);
  const isDone = job.outcome === "COMPLETED";
  const subject = isDone
    ? `Your annotation of ${oneLine(job.inputName)} is ready`
    : `Your annotation of ${oneLine(job.inputName)} failed`;
  const sentences = [
    ...(isDone && job.buildWarning !== null ? [job.buildWarning] : []),
    isDone
      ? `The annotation of ${job.inputName}, submitted ${time(job.submittedAt)}, was completed ${time(job.completedAt)}.`
      : `The annotation of ${job.inputName}, submitted ${time(job.submittedAt)}, failed: ${job.failure ?? "The reason is not known."}`,
    ...(isDone && downloadUntil !== null
      ? [
          `Download the result before ${time(downloadUntil)}. Then it is archived; Premium restores it. Log and summary stay.`,
        ]
      : []),
  ];
  return {
    subject,
    text: `${sentences.join("\n\n")}\n\nJob ${job.id}:\n${url}\n`,
    html: `${sentences.map((sentence) => `<p>${escapeHtml(sentence)}</p>`).join("\n")}\n<p>Job <a href="${escapeHtml(url)}">${escapeHtml(job.id)}</a></p>\n`,
  };
}

function timeText(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat("en-US", {
    dateStyle: "medium",
    timeStyle: "long",
    hourCycle: "h23",
    timeZone,
  }).format(at);
}

/** File names are the user's: no line ends in a header. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, " ");
}
