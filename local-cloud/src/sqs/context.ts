import type { Logger } from "@elastic-gas/shared/logger";
import type { GroupCommit } from "../storage/group-commit.ts";
import type { MessageStore } from "./message-store.ts";
import { numberAttribute } from "./queue-attributes.ts";
import type { Queue, QueueStore } from "./queue-store.ts";
import type { TrafficCounters } from "./traffic.ts";
import type { Waiters } from "./waiters.ts";

/** What the operations of SQS share. */
export interface SqsContext {
  readonly queues: QueueStore;
  readonly messages: MessageStore;
  readonly commit: GroupCommit;
  readonly waiters: Waiters;
  readonly traffic: TrafficCounters;
  readonly log: Logger;
  readonly now: () => Date;
  /** Aborted when the service closes: long polls end. */
  readonly closing: AbortSignal;
}

export function queueArn(call: { readonly region: string; readonly accountId: string }, name: string): string {
  return `arn:aws:sqs:${call.region}:${call.accountId}:${name}`;
}

/** Queues are told apart by name alone: local-cloud has one region and one account. */
export function queueNameOfArn(arn: string | undefined): string {
  return arn?.slice(arn.lastIndexOf(":") + 1) ?? "";
}

/** Messages sent at or before this moment (milliseconds) are past the queue's retention period. */
export function retentionLimit(queue: Queue, now: number): number {
  return now - numberAttribute(queue.attributes, "MessageRetentionPeriod") * 1000;
}
