import { Duration } from "aws-cdk-lib";
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { Instance } from "aws-cdk-lib/aws-ec2";
import type { ApplicationTargetGroup } from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { HttpCodeTarget } from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import type { Options } from "../options.ts";
import type { Foundation } from "./foundation.ts";

const FIVE_MINUTES = Duration.minutes(5);
const DATABASE_FREE_BYTES = 2 * 2 ** 30;
const FAILED_REQUESTS = 10;
const BUSY_PERCENT = 85;

/** Someone must look: mail to ALARM_EMAIL, and the alarms' own page. */
export function makeAlarms(
  scope: Construct,
  options: Options,
  {
    foundation,
    manager,
    managers,
  }: { readonly foundation: Foundation; readonly manager: Instance; readonly managers: ApplicationTargetGroup },
): void {
  const topic = new Topic(scope, "Alarms", { enforceSSL: true, displayName: `Elastic GAS ${options.PREFIX}` });
  if (options.ALARM_EMAIL !== undefined) topic.addSubscription(new EmailSubscription(options.ALARM_EMAIL));
  const alarm = (
    id: string,
    metric: IMetric,
    rule: {
      readonly what: string;
      readonly threshold: number;
      readonly below?: boolean;
      readonly periods?: number;
      readonly missing?: TreatMissingData;
    },
  ) => {
    new Alarm(scope, id, {
      metric,
      alarmDescription: rule.what,
      threshold: rule.threshold,
      evaluationPeriods: rule.periods ?? 1,
      comparisonOperator:
        rule.below === true
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: rule.missing ?? TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(topic));
  };
  const { balancer, database, deadLetters } = foundation;
  for (const queue of deadLetters)
    alarm(
      `${queue.node.id}-waiting`,
      queue.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
      {
        what: "Messages wait in a dead-letter queue for 30 minutes: no utility worker looks after them.",
        threshold: 1,
        periods: 6,
      },
    );
  alarm("FailedRequests", balancer.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { period: FIVE_MINUTES }), {
    what: `Web workers failed ${FAILED_REQUESTS} requests in 5 minutes.`,
    threshold: FAILED_REQUESTS,
  });
  alarm(
    "ManagerUnhealthy",
    managers.metrics.healthyHostCount({ period: Duration.minutes(1), statistic: Stats.MINIMUM }),
    {
      what: "The manager has not answered for 10 minutes: pools keep their size, and nobody replaces lost workers.",
      threshold: 1,
      below: true,
      periods: 10,
      missing: TreatMissingData.BREACHING,
    },
  );
  alarm(
    "ManagerMachine",
    new Metric({
      namespace: "AWS/EC2",
      metricName: "StatusCheckFailed",
      dimensionsMap: { InstanceId: manager.instanceId },
      period: Duration.minutes(1),
      statistic: Stats.MAXIMUM,
    }),
    { what: "EC2 finds the manager's machine impaired.", threshold: 1, periods: 5 },
  );
  alarm("DatabaseBusy", database.metricCPUUtilization({ period: FIVE_MINUTES }), {
    what: `The database has used ${BUSY_PERCENT} % of its CPU for 15 minutes.`,
    threshold: BUSY_PERCENT,
    periods: 3,
  });
  alarm("DatabaseDisk", database.metricFreeStorageSpace({ period: FIVE_MINUTES, statistic: Stats.MINIMUM }), {
    what: "The database has less than 2 GiB of disk left.",
    threshold: DATABASE_FREE_BYTES,
    below: true,
  });
}
