import { createSqsService } from "@elastic-gas/local-cloud/sqs/service";
import { createLogger } from "@elastic-gas/shared/logger";
import { testCall } from "./test-call.ts";

/** Sends messages until it is killed, and tells each one that was acknowledged: `sender-process.ts <data folder>`. */
const [, , dataDir = ""] = process.argv;
const { handlers } = createSqsService({ dataDir, log: createLogger("sender", "silent") });
const call = testCall();
const { QueueUrl } = await handlers.CreateQueue({ QueueName: "jobs" }, call);

async function sendForEver(lane: number): Promise<void> {
  for (let count = 0; ; count += 1) {
    const { MessageId } = await handlers.SendMessage({ QueueUrl, MessageBody: `${lane}-${count}` }, call);
    process.stdout.write(`${MessageId}\n`);
  }
}

await Promise.all([1, 2, 3, 4].map(sendForEver));
