import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { Logger } from "@elastic-gas/shared/logger";
import { everyMetricPeriod, metricPeriodAt } from "../clock/metric-period.ts";
import { GroupCommit } from "../storage/group-commit.ts";
import { openDatabase } from "../storage/open-database.ts";
import { retentionLimit, type SqsContext } from "./context.ts";
import { MessageStore } from "./message-store.ts";
import { queueMetrics } from "./metrics.ts";
import { queueOperations } from "./queue-operations.ts";
import { QueueStore } from "./queue-store.ts";
import { receiptOperations } from "./receipt-operations.ts";
import { receiveOperations } from "./receive.ts";
import { sendOperations } from "./send.ts";
import { TrafficCounters } from "./traffic.ts";
import { Waiters } from "./waiters.ts";

export interface SqsOptions {
  /** The service makes its own folder `sqs` in it. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly now?: () => Date;
  readonly metricPeriodSeconds?: number;
  /** Where AWS/SQS metrics go: CloudWatch's `put`. */
  readonly putMetrics?: (namespace: string, data: readonly MetricDatum[]) => void;
}

/** Standard queues. What an operation acknowledges has been committed and survives the process. */
export function createSqsService(options: SqsOptions) {
  const { dataDir, log, now = () => new Date(), metricPeriodSeconds = 60, putMetrics } = options;
  mkdirSync(join(dataDir, "sqs"), { recursive: true });
  const db = openDatabase(join(dataDir, "sqs", "queues.sqlite"));
  const closing = new AbortController();
  const context: SqsContext = {
    queues: new QueueStore(db),
    messages: new MessageStore(db),
    commit: new GroupCommit(db),
    waiters: new Waiters(),
    traffic: new TrafficCounters(),
    log,
    now,
    closing: closing.signal,
  };
  const publishing = everyMetricPeriod({ seconds: metricPeriodSeconds, now, signal: closing.signal, log }, (period) => {
    deleteExpired(context);
    putMetrics?.("AWS/SQS", queueMetrics(context, period));
  });

  return {
    handlers: {
      ...queueOperations(context),
      ...sendOperations(context),
      ...receiveOperations(context),
      ...receiptOperations(context),
    },
    async close(): Promise<void> {
      if (closing.signal.aborted) return;
      closing.abort();
      await publishing;
      context.waiters.close();
      context.commit.flush();
      // The counts of the period that has not ended: CloudWatch adds the rest to them after a restart.
      putMetrics?.("AWS/SQS", queueMetrics(context, metricPeriodAt(now(), metricPeriodSeconds)));
      db.close();
    },
  };
}

function deleteExpired({ queues, messages, now }: SqsContext): void {
  for (const queue of queues.list()) messages.deleteExpired(queue.id, retentionLimit(queue, now().getTime()));
}
