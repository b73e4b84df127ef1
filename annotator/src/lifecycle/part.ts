import type { S3Client } from "@aws-sdk/client-s3";
import type { SESv2Client } from "@aws-sdk/client-sesv2";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Config } from "@elastic-gas/shared/config";
import type { Database } from "@elastic-gas/shared/database/connect";
import type { Logger } from "@elastic-gas/shared/logger";
import type { MessageOf } from "@elastic-gas/shared/messages";
import type { Handled } from "@elastic-gas/shared/reliability/consumer";
import type { OutboxSender } from "@elastic-gas/shared/reliability/outbox";
import type { Sweep } from "@elastic-gas/shared/reliability/sweeps";
import type { QueueKey, Resources } from "@elastic-gas/shared/resources";
import type { ArchiveStores } from "./store/archive-stores.ts";

/** What every part of the utility worker works with. */
export interface Lifecycle {
  readonly config: Config;
  readonly resources: Resources;
  readonly db: Database;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly ses: SESv2Client;
  readonly stores: ArchiveStores;
  readonly outbox: OutboxSender;
  readonly log: Logger;
}

/** What serves one queue, and repairs what a lost message of it left undone. */
export interface LifecyclePart<Key extends QueueKey> {
  readonly handle: (body: MessageOf<Key>, stop: AbortSignal) => Promise<Handled>;
  /** Run beside the queue, each in one of all utility workers at a time. */
  readonly sweeps: readonly Sweep[];
}
