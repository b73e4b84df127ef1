import { drainDeadLetters } from "@elastic-gas/shared/reliability/dead-letters";
import { GONE_AFTER_BEATS } from "@elastic-gas/shared/reliability/leased-claim";
import { wakeLostJobs, wakeStuckJobs } from "@elastic-gas/shared/reliability/waiting-jobs";
import type { Lifecycle, LifecyclePart } from "../part.ts";
import { notifyOwner } from "./notify-owner.ts";
import { sendAccountMails } from "./send-account-mails.ts";
import { sweepMails } from "./sweep-mails.ts";

export function notifyPart({ config, resources, db, sqs, ses, outbox, log }: Lifecycle): LifecyclePart<"jobResults"> {
  const everySeconds = config.OUTBOX_SWEEP_SECONDS;
  const send = async (what: string, count: number) => {
    if (count === 0) return;
    log.warn({ count }, what);
    await outbox.flush();
  };
  return {
    handle: (message) => notifyOwner({ db, ses, log, config }, message),
    // Who tells owners about their jobs also looks after jobs that nobody works on, and after the messages that nobody
    // could handle.
    sweeps: [
      {
        name: "jobs without a mail",
        everySeconds,
        run: async () => send("mails asked for again", await sweepMails(db)),
      },
      {
        name: "mails to users",
        everySeconds,
        run: async () => void (await sendAccountMails({ db, ses, log, config })),
      },
      {
        name: "jobs without a worker",
        everySeconds: config.HEARTBEAT_SECONDS,
        run: async () => {
          const count = await wakeLostJobs(db, config.HEARTBEAT_SECONDS * GONE_AFTER_BEATS);
          await send("jobs of lost workers wait again", count);
        },
      },
      {
        name: "jobs without a message",
        everySeconds,
        run: async () => send("waiting jobs had no message", await wakeStuckJobs(db, sqs, resources)),
      },
      { name: "dead letters", everySeconds, run: () => drainDeadLetters({ db, sqs, resources, log }) },
    ],
  };
}
