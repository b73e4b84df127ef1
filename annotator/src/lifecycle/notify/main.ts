import { SESv2Client } from "@aws-sdk/client-sesv2";
import { createAwsClient } from "@elastic-gas/shared/aws/clients";
import { runLifecycle } from "../process.ts";
import { notifyOwner } from "./notify-owner.ts";

await runLifecycle({ name: "notify", queue: "jobResults" }, ({ config, db, log }) => {
  const ses = createAwsClient(SESv2Client, config);
  return { handle: (message) => notifyOwner({ db, ses, log, config }, message) };
});
