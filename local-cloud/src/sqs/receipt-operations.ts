import type {
  ChangeMessageVisibilityBatchCommandInput,
  ChangeMessageVisibilityBatchCommandOutput,
  ChangeMessageVisibilityCommandInput,
  ChangeMessageVisibilityCommandOutput,
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput,
  DeleteMessageCommandInput,
  DeleteMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { Fault, type Handler } from "../wire/handler.ts";
import { batchError } from "./batch-error.ts";
import type { SqsContext } from "./context.ts";
import { checkBatch, checkRange } from "./message.ts";
import type { Queue } from "./queue-store.ts";
import { parseReceiptHandle } from "./receipt-handle.ts";

interface Entry {
  readonly Id?: string | undefined;
  readonly ReceiptHandle?: string | undefined;
  readonly VisibilityTimeout?: number | undefined;
}

/** What a receiver does with its receipt: delete the message, or change how long it stays invisible. */
export function receiptOperations(context: SqsContext) {
  const { queues, messages, commit, waiters, traffic, now } = context;

  const DeleteMessage: Handler<DeleteMessageCommandInput, DeleteMessageCommandOutput> = async (input) => {
    await remove(queues.get(input.QueueUrl), input);
    return {};
  };

  const DeleteMessageBatch: Handler<DeleteMessageBatchCommandInput, DeleteMessageBatchCommandOutput> = async (input) =>
    await batch(input.QueueUrl, input.Entries, remove);

  const ChangeMessageVisibility: Handler<
    ChangeMessageVisibilityCommandInput,
    ChangeMessageVisibilityCommandOutput
  > = async (input) => {
    await changeVisibility(queues.get(input.QueueUrl), input);
    return {};
  };

  const ChangeMessageVisibilityBatch: Handler<
    ChangeMessageVisibilityBatchCommandInput,
    ChangeMessageVisibilityBatchCommandOutput
  > = async (input) => await batch(input.QueueUrl, input.Entries, changeVisibility);

  /** Succeeds when the message is gone already, as in SQS. */
  async function remove(queue: Queue, entry: Entry): Promise<void> {
    const receipt = parseReceiptHandle(entry.ReceiptHandle, queue.id);
    const deleted = await commit.run(() => messages.delete(receipt));
    if (deleted) traffic.add(queue.id, "deleted");
  }

  async function changeVisibility(queue: Queue, entry: Entry): Promise<void> {
    const receipt = parseReceiptHandle(entry.ReceiptHandle, queue.id);
    const { VisibilityTimeout: seconds } = entry;
    if (seconds === undefined)
      throw new Fault("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
    checkRange("VisibilityTimeout", seconds, 0, 43_200);
    const at = now().getTime();
    const outcome = await commit.run(() => messages.changeVisibility(receipt, at, at + seconds * 1000));
    if (outcome !== "changed") {
      throw new Fault(
        "InvalidParameterValue",
        `Value ${entry.ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      );
    }
    if (seconds === 0) waiters.wake(queue.id, 1);
    else waiters.wakeIn(queue.id, seconds * 1000);
  }

  async function batch(
    queueUrl: string | undefined,
    entries: readonly Entry[] | undefined = [],
    act: (queue: Queue, entry: Entry) => Promise<void>,
  ) {
    const queue = queues.get(queueUrl);
    checkBatch(entries.map(({ Id }) => Id));
    // All begin in one turn of the event loop, so they share one commit.
    const outcomes = await Promise.allSettled(entries.map((entry) => act(queue, entry)));
    const failures = outcomes.map((outcome, index) =>
      outcome.status === "rejected" ? batchError(entries[index]?.Id, outcome.reason) : undefined,
    );
    return {
      Successful: entries.filter((_, index) => !failures[index]).map(({ Id }) => ({ Id })),
      Failed: failures.filter((failure) => failure !== undefined),
    };
  }

  return { DeleteMessage, DeleteMessageBatch, ChangeMessageVisibility, ChangeMessageVisibilityBatch };
}
