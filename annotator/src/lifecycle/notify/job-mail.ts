import { composeMail, type MailText } from "@elastic-gas/shared/mail/compose-mail";
import { mailTime } from "@elastic-gas/shared/mail/mail-time";

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

/** The mail about a finished job; its link leads to the job's page. */
export function jobMail(job: FinishedJob, { baseUrl, timeZone, downloadUntil }: MailContext): MailText {
  const { id, inputName, outcome, failure, buildWarning } = job;
  const submitted = `The annotation of ${inputName}, submitted on ${mailTime(job.submittedAt, timeZone)},`;
  const link = { label: `Job ${id}`, url: `${baseUrl}/annotations/${id}` };
  if (outcome === "FAILED") {
    return composeMail({
      subject: `Your annotation of ${inputName} failed`,
      paragraphs: [
        `${submitted} failed: ${failure ?? "the reason is not known. Run it again; if it fails again, send the job’s number to your administrator."}`,
      ],
      link,
    });
  }
  return composeMail({
    subject: `Your annotation of ${inputName} is ready`,
    paragraphs: [
      ...(buildWarning === null ? [] : [buildWarning]),
      `${submitted} was completed on ${mailTime(job.completedAt, timeZone)}.`,
    ],
    link,
    notes:
      downloadUntil === null
        ? []
        : [
            `Download the result before ${mailTime(downloadUntil, timeZone)}. After that it is archived; upgrading to Premium restores it. The log and the summary stay available.`,
          ],
  });
}
