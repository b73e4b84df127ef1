import { SESv2Client } from "@aws-sdk/client-sesv2";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { watchDeadLetters } from "@elastic-gas/shared/reliability/dead-letters";
import { runLifecycle } from "../process.ts";
import { notifyOwner } from "./notify-owner.ts";

await runLifecycle({ name: "notify", queue: "jobResults" }, ({ config, resources, db, sqs, log }) => {
  const ses = createAwsClient(SESv2Client, config);
  return {
    handle: (message) => notifyOwner({ db, ses, log, config }, message),
    // Who tells owners about their jobs also tells people about the messages of all queues that nobody could handle.
    sweep: (signal) =>
      watchDeadLetters({ db, sqs, resources, log, intervalSeconds: config.OUTBOX_SWEEP_SECONDS }, signal),
  };
});
