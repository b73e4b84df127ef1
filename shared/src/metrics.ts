import { METRIC_NAMESPACE } from "./resources.ts";

/**
 * CloudWatch metrics that the parts publish or read: namespace, name and the dimension names that identify one series.
 */
export const METRICS = {
  cpuUtilization: { namespace: "AWS/EC2", name: "CPUUtilization", dimensions: ["InstanceId"] },
  /** CPU of the whole machine under local-cloud, all cores, 0-100; AWS has none. */
  hostCpu: { namespace: "LocalCloud/Host", name: "CPUUtilization", dimensions: [] },
  workerRequests: { namespace: METRIC_NAMESPACE, name: "RequestCount", dimensions: ["InstanceId"] },
  jobsRunning: { namespace: METRIC_NAMESPACE, name: "JobsRunning", dimensions: ["InstanceId"] },
  poolDesired: { namespace: METRIC_NAMESPACE, name: "Desired", dimensions: ["Pool"] },
  poolInService: { namespace: METRIC_NAMESPACE, name: "InService", dimensions: ["Pool"] },
  poolPending: { namespace: METRIC_NAMESPACE, name: "Pending", dimensions: ["Pool"] },
  poolDraining: { namespace: METRIC_NAMESPACE, name: "Draining", dimensions: ["Pool"] },
  balancerRequests: {
    namespace: "AWS/ApplicationELB",
    name: "RequestCount",
    dimensions: ["LoadBalancer", "TargetGroup"],
  },
  balancerSuccesses: {
    namespace: "AWS/ApplicationELB",
    name: "HTTPCode_Target_2XX_Count",
    dimensions: ["LoadBalancer", "TargetGroup"],
  },
  balancerResponseTime: {
    namespace: "AWS/ApplicationELB",
    name: "TargetResponseTime",
    dimensions: ["LoadBalancer", "TargetGroup"],
  },
  healthyHosts: {
    namespace: "AWS/ApplicationELB",
    name: "HealthyHostCount",
    dimensions: ["LoadBalancer", "TargetGroup"],
  },
  messagesSent: { namespace: "AWS/SQS", name: "NumberOfMessagesSent", dimensions: ["QueueName"] },
  messagesVisible: { namespace: "AWS/SQS", name: "ApproximateNumberOfMessagesVisible", dimensions: ["QueueName"] },
  messagesNotVisible: {
    namespace: "AWS/SQS",
    name: "ApproximateNumberOfMessagesNotVisible",
    dimensions: ["QueueName"],
  },
} as const;

/**
 * The value of the `LoadBalancer` or `TargetGroup` dimension: the end of the ARN, `app/<name>/<id>` or
 * `targetgroup/<name>/<id>`.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 */
export function balancerDimension(arn: string): string {
  const resource = arn.split(":").slice(5).join(":");
  return resource.replace(/^loadbalancer\//, "");
}
