import {
  type CreateQueueCommandInput,
  type CreateQueueCommandOutput,
  type DeleteQueueCommandInput,
  type DeleteQueueCommandOutput,
  type GetQueueAttributesCommandInput,
  type GetQueueAttributesCommandOutput,
  type GetQueueUrlCommandInput,
  type GetQueueUrlCommandOutput,
  InvalidAttributeName,
  type ListDeadLetterSourceQueuesCommandInput,
  type ListDeadLetterSourceQueuesCommandOutput,
  type ListQueuesCommandInput,
  type ListQueuesCommandOutput,
  type ListQueueTagsCommandInput,
  type ListQueueTagsCommandOutput,
  type PurgeQueueCommandInput,
  type PurgeQueueCommandOutput,
  PurgeQueueInProgress,
  QueueDeletedRecently,
  QueueNameExists,
  type SetQueueAttributesCommandInput,
  type SetQueueAttributesCommandOutput,
  type TagQueueCommandInput,
  type TagQueueCommandOutput,
  type UntagQueueCommandInput,
  type UntagQueueCommandOutput,
} from "@aws-sdk/client-sqs";
import { type Call, Fault, type Handler } from "../wire/handler.ts";
import { queueArn, queueNameOfArn, retentionLimit, type SqsContext } from "./context.ts";
import { checkRange } from "./message.ts";
import { changedAttributes, effectiveAttributes, isAttributeName, redrivePolicyOf } from "./queue-attributes.ts";
import { type Queue, queueDoesNotExist } from "./queue-store.ts";

const QUEUE_NAME = /^[A-Za-z0-9_-]{1,80}$/;
const PURGE_PAUSE_MS = 60_000; // SQS purges a queue at most once a minute
const PAGE = 1000;

export function queueOperations(context: SqsContext) {
  const { queues, messages, waiters, now } = context;
  const queueExists = (arn: string) => queues.find(queueNameOfArn(arn)) !== undefined;

  const CreateQueue: Handler<CreateQueueCommandInput, CreateQueueCommandOutput> = async (input, call) => {
    const name = input.QueueName ?? "";
    if (!QUEUE_NAME.test(name)) {
      throw new Fault(
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length (standard queues only).",
      );
    }
    const attributes = changedAttributes({}, input.Attributes ?? {}, queueExists);
    const existing = queues.find(name);
    if (!existing && queues.wasDeletedLately(name, now())) {
      const message =
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
      throw new QueueDeletedRecently({ message, $metadata: {} });
    }
    if (!existing) queues.create(name, attributes, input.tags ?? {}, now());
    else assertSameAttributes(existing, attributes);
    return { QueueUrl: queueUrl(call, name) };
  };

  const GetQueueUrl: Handler<GetQueueUrlCommandInput, GetQueueUrlCommandOutput> = async (input, call) => {
    const queue = queues.find(input.QueueName ?? "");
    if (!queue) throw queueDoesNotExist();
    return { QueueUrl: queueUrl(call, queue.name) };
  };

  const ListQueues: Handler<ListQueuesCommandInput, ListQueuesCommandOutput> = async (input, call) => {
    const matching = queues.list().filter(({ name }) => name.startsWith(input.QueueNamePrefix ?? ""));
    const { page, nextToken } = pageOf(matching, input);
    return { QueueUrls: page.map(({ name }) => queueUrl(call, name)), NextToken: nextToken };
  };

  const ListDeadLetterSourceQueues: Handler<
    ListDeadLetterSourceQueuesCommandInput,
    ListDeadLetterSourceQueuesCommandOutput
  > = async (input, call) => {
    const deadLetters = queues.get(input.QueueUrl);
    const sources = queues
      .list()
      .filter(
        ({ attributes }) => queueNameOfArn(redrivePolicyOf(attributes)?.deadLetterTargetArn) === deadLetters.name,
      );
    const { page, nextToken } = pageOf(sources, input);
    return { queueUrls: page.map(({ name }) => queueUrl(call, name)), NextToken: nextToken };
  };

  const DeleteQueue: Handler<DeleteQueueCommandInput, DeleteQueueCommandOutput> = async (input) => {
    const queue = queues.get(input.QueueUrl);
    // The messages first: a crash between the two leaves an empty queue, which a second call deletes.
    messages.deleteAll(queue.id);
    queues.delete(queue, now());
    waiters.wake(queue.id);
    return {};
  };

  const GetQueueAttributes: Handler<GetQueueAttributesCommandInput, GetQueueAttributesCommandOutput> = async (
    input,
    call,
  ) => {
    const queue = queues.get(input.QueueUrl);
    const wanted = input.AttributeNames ?? [];
    const unknown = wanted.find((name) => !isAttributeName(name));
    if (unknown !== undefined)
      throw new InvalidAttributeName({ message: `Unknown Attribute ${unknown}.`, $metadata: {} });
    if (wanted.length === 0) return {};
    const all = { ...effectiveAttributes(queue.attributes), ...computedAttributes(queue, call) };
    const chosen = Object.entries(all).filter(
      ([name]) => wanted.includes("All") || (wanted as string[]).includes(name),
    );
    return { Attributes: Object.fromEntries(chosen) };
  };

  const SetQueueAttributes: Handler<SetQueueAttributesCommandInput, SetQueueAttributesCommandOutput> = async (
    input,
  ) => {
    const queue = queues.get(input.QueueUrl);
    const attributes = changedAttributes(queue.attributes, input.Attributes ?? {}, queueExists);
    queues.update(queue, { attributes, modifiedAt: now() });
    waiters.wake(queue.id);
    return {};
  };

  const PurgeQueue: Handler<PurgeQueueCommandInput, PurgeQueueCommandOutput> = async (input) => {
    const queue = queues.get(input.QueueUrl);
    const at = now();
    if (queue.purgedAt && at.getTime() - queue.purgedAt.getTime() < PURGE_PAUSE_MS) {
      throw new PurgeQueueInProgress({
        message: `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`,
        $metadata: {},
      });
    }
    messages.deleteAll(queue.id);
    queues.update(queue, { purgedAt: at });
    return {};
  };

  const TagQueue: Handler<TagQueueCommandInput, TagQueueCommandOutput> = async (input) => {
    const queue = queues.get(input.QueueUrl);
    queues.update(queue, { tags: { ...queue.tags, ...input.Tags } });
    return {};
  };

  const UntagQueue: Handler<UntagQueueCommandInput, UntagQueueCommandOutput> = async (input) => {
    const queue = queues.get(input.QueueUrl);
    const kept = Object.entries(queue.tags).filter(([key]) => !input.TagKeys?.includes(key));
    queues.update(queue, { tags: Object.fromEntries(kept) });
    return {};
  };

  const ListQueueTags: Handler<ListQueueTagsCommandInput, ListQueueTagsCommandOutput> = async (input) => ({
    Tags: { ...queues.get(input.QueueUrl).tags },
  });

  function computedAttributes(queue: Queue, call: Call): Record<string, string> {
    const at = now().getTime();
    const counts = messages.count(queue.id, { now: at, sentAfter: retentionLimit(queue, at) });
    return {
      QueueArn: queueArn(call, queue.name),
      ApproximateNumberOfMessages: String(counts.visible),
      ApproximateNumberOfMessagesNotVisible: String(counts.notVisible),
      ApproximateNumberOfMessagesDelayed: String(counts.delayed),
      CreatedTimestamp: String(Math.floor(queue.createdAt.getTime() / 1000)),
      LastModifiedTimestamp: String(Math.floor(queue.modifiedAt.getTime() / 1000)),
    };
  }

  return {
    CreateQueue,
    GetQueueUrl,
    ListQueues,
    ListDeadLetterSourceQueues,
    DeleteQueue,
    GetQueueAttributes,
    SetQueueAttributes,
    PurgeQueue,
    TagQueue,
    UntagQueue,
    ListQueueTags,
  };
}

function queueUrl(call: Call, name: string): string {
  return `http://${call.host}/${call.accountId}/${name}`;
}

/** Creating a queue again is fine as long as the attributes given agree with those it has. */
function assertSameAttributes(queue: Queue, wanted: Readonly<Record<string, string>>): void {
  const current = effectiveAttributes(queue.attributes);
  const different = Object.keys(wanted).find((name) => wanted[name] !== current[name]);
  if (different === undefined) return;
  throw new QueueNameExists({
    message: `A queue already exists with the same name and a different value for attribute ${different}`,
    $metadata: {},
  });
}

function pageOf(
  all: readonly Queue[],
  input: { readonly NextToken?: string | undefined; readonly MaxResults?: number | undefined },
): { page: readonly Queue[]; nextToken: string | undefined } {
  checkRange("MaxResults", input.MaxResults, 1, PAGE);
  const after = Buffer.from(input.NextToken ?? "", "base64url").toString();
  const rest = all.filter(({ name }) => name > after);
  const page = rest.slice(0, input.MaxResults ?? PAGE);
  // As in SQS, a token comes only to callers that set MaxResults.
  const last = input.MaxResults !== undefined && page.length < rest.length ? page.at(-1) : undefined;
  return { page, nextToken: last && Buffer.from(last.name).toString("base64url") };
}
