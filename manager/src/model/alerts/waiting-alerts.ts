import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatCountOf } from "@elastic-gas/shared/format/numbers";
import type { Alert } from "../fleet/alert.ts";
import type { AlertFacts } from "./alert-facts.ts";
import type { WaitingKind } from "./waiting-work.ts";

/**
 * A service that work needs is away, or whoever does the work is: told by the work that lies undone, whatever the
 * reason. Each goes by itself when the work is done.
 */
export function waitingAlerts({ waitingWork, now }: Pick<AlertFacts, "waitingWork" | "now">): readonly Alert[] {
  return waitingWork.map(({ kind, count, since }) => {
    const { what, state, text, remedy, link = null } = WORDS[kind];
    return {
      id: `waiting-${kind}`,
      tone: "bad",
      pool: null,
      start: `${formatCountOf(count, ...what)} ${state}, the oldest for ${formatInterval(now - since)}.`,
      text,
      remedy,
      at: since,
      link,
    };
  });
}

interface Words {
  /** The noun, and its plural where it is not made by an s. */
  readonly what: readonly [string, string?];
  readonly state: string;
  readonly text: string;
  readonly remedy: string;
  readonly link?: Alert["link"];
}

const UTILITY = { href: "/workers?pool=utility", text: "Utility workers" };

const WORDS: Readonly<Record<WaitingKind, Words>> = {
  messages: {
    what: ["message"],
    state: "not sent",
    text: "SQS does not take them. They wait in the database, and every worker keeps trying to send them.",
    remedy: "Check whether SQS answers, and whether any worker is in service.",
    link: { href: "/workers", text: "Workers" },
  },
  annotations: {
    what: ["job"],
    state: "put off again and again",
    text: "Each attempt ended because something did not answer: S3, MySQL or SQS. The jobs are tried again with growing pauses.",
    remedy: "Check whether S3 answers; the console output of an annotator names what failed.",
    link: { href: "/workers?pool=annotator", text: "Annotators" },
  },
  mails: {
    what: ["e-mail"],
    state: "about ended jobs not sent",
    text: "They are tried again with pauses of up to 5\u00a0min.",
    remedy:
      "Check whether SES answers and takes mail from the sender's address, and whether the utility pool has a worker. The console output of its notify process names what failed.",
    link: UTILITY,
  },
  archives: {
    what: ["result"],
    state: "due for the archive and not moved",
    text: "Their Free users cannot download them any more; they take up space in S3 until they are moved.",
    remedy:
      "Check whether S3 and the archive (Glacier) answer, and whether the utility pool has a worker. The console output of its archive process names what failed.",
    link: UTILITY,
  },
  restores: {
    what: ["archived result"],
    state: "of Premium users not requested from the archive",
    text: "Their owners have paid and wait for them.",
    remedy:
      "Check whether the archive (Glacier) and SQS answer, and whether the utility pool has a worker. The console output of its restore process names what failed.",
    link: UTILITY,
  },
  retrievals: {
    what: ["retrieval"],
    state: "from the archive not looked at",
    text: "Their results may be ready, and nobody fetched them.",
    remedy:
      "Check whether the archive (Glacier), S3 and SQS answer, and whether the utility pool has a worker. The console output of its thaw process names what failed.",
    link: UTILITY,
  },
  deletions: {
    what: ["unreferenced object"],
    state: "not deleted",
    text: "They are tried again every few minutes.",
    remedy:
      "Check whether S3 and the archive (Glacier) answer, and whether the utility pool has a worker. The console output of its archive process names what failed.",
    link: UTILITY,
  },
  renewals: {
    what: ["subscription"],
    state: "past the end of its paid period without news from Stripe",
    text: "Its user keeps Premium until Stripe tells what became of the payment.",
    remedy:
      "Check in Stripe’s dashboard whether the webhook’s deliveries fail, and send them again there. The address is /stripe/webhook of user-app.",
  },
};
