import type { MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { MetricPeriod } from "../clock/metric-period.ts";
import { retentionLimit, type SqsContext } from "./context.ts";

/**
 * AWS/SQS of one period for every queue.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export function queueMetrics(
  { queues, messages, traffic, now }: SqsContext,
  period: MetricPeriod,
): readonly MetricDatum[] {
  const at = now().getTime();
  const trafficOf = traffic.take();
  return queues.list().flatMap((queue) => {
    const { sent, received, deleted, emptyReceives } = trafficOf(queue.id);
    const counts = messages.count(queue.id, { now: at, sentAfter: retentionLimit(queue, at) });
    const datum = (MetricName: string, Value: number, Unit: "Count" | "Seconds" = "Count"): MetricDatum => ({
      MetricName,
      Value,
      Unit,
      Dimensions: [{ Name: "QueueName", Value: queue.name }],
      Timestamp: period.startedAt,
    });
    return [
      datum("NumberOfMessagesSent", sent),
      datum("NumberOfMessagesReceived", received),
      datum("NumberOfMessagesDeleted", deleted),
      datum("NumberOfEmptyReceives", emptyReceives),
      datum("ApproximateNumberOfMessagesVisible", counts.visible),
      datum("ApproximateNumberOfMessagesNotVisible", counts.notVisible),
      datum("ApproximateNumberOfMessagesDelayed", counts.delayed),
      datum(
        "ApproximateAgeOfOldestMessage",
        counts.oldestSentAt === null ? 0 : Math.max(0, at - counts.oldestSentAt) / 1000,
        "Seconds",
      ),
    ];
  });
}
