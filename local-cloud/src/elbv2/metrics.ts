import type { Dimension, MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { MetricPeriod } from "../clock/metric-period.ts";
import type { DataPlane } from "./data-plane.ts";
import type { Catalogue } from "./documents.ts";
import { type RequestCounts, secondsOf } from "./proxy/request-counters.ts";

const MAX_VALUES = 150; // of one datum

/**
 * AWS/ApplicationELB of one period. As in AWS, counts are published when they are not zero and host counts whenever
 * there are targets.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
 */
export function balancerMetrics(
  { catalogue, dataPlane }: { readonly catalogue: Catalogue; readonly dataPlane: DataPlane },
  period: MetricPeriod,
): readonly MetricDatum[] {
  const pairs = new Map(
    catalogue.listeners
      .list()
      .map(({ loadBalancerArn, targetGroupArn }) => [
        `${loadBalancerArn} ${targetGroupArn}`,
        { loadBalancerArn, targetGroupArn },
      ]),
  );
  return [...pairs.values()].flatMap(({ loadBalancerArn, targetGroupArn }) => {
    const group = catalogue.targetGroups.find(targetGroupArn);
    if (!group) return [];
    const balancer = { Name: "LoadBalancer", Value: dimensionOf(loadBalancerArn) };
    const targetGroup = { Name: "TargetGroup", Value: dimensionOf(targetGroupArn) };
    const counts = dataPlane.takeCounts(loadBalancerArn, targetGroupArn);
    const states = dataPlane.listHealth(group).map(({ health }) => health.State);
    const healthy = states.filter((state) => state === "healthy").length;
    const unhealthy = states.filter((state) => state === "unhealthy").length;
    const data = [
      ...requestData(counts, [balancer]),
      ...requestData(counts, [balancer, targetGroup]),
      ...(counts.balancer5xx > 0 ? [count("HTTPCode_ELB_5XX_Count", counts.balancer5xx, [balancer])] : []),
      ...(counts.balancer4xx > 0 ? [count("HTTPCode_ELB_4XX_Count", counts.balancer4xx, [balancer])] : []),
      ...(states.length > 0 && counts.requests > 0
        ? [[targetGroup], [balancer, targetGroup]].map((dimensions) =>
            count("RequestCountPerTarget", counts.requests / states.length, dimensions),
          )
        : []),
      ...(states.length > 0
        ? [
            count("HealthyHostCount", healthy, [balancer, targetGroup]),
            count("UnHealthyHostCount", unhealthy, [balancer, targetGroup]),
          ]
        : []),
    ];
    return data.map((datum) => ({ ...datum, Timestamp: period.startedAt }));
  });
}

/** The end of the ARN: `app/<name>/<id>` or `targetgroup/<name>/<id>`. */
function dimensionOf(arn: string): string {
  return (arn.split(":").at(-1) ?? "").replace(/^loadbalancer\//, "");
}

function requestData(counts: Readonly<RequestCounts>, dimensions: readonly Dimension[]): readonly MetricDatum[] {
  if (counts.requests === 0) return [];
  const statuses = [2, 3, 4, 5]
    .map((hundreds) => ({ name: `HTTPCode_Target_${hundreds}XX_Count`, value: counts.targetStatuses[hundreds] ?? 0 }))
    .filter(({ value }) => value > 0);
  return [
    count("RequestCount", counts.requests, dimensions),
    ...statuses.map(({ name, value }) => count(name, value, dimensions)),
    ...responseTimes(counts, dimensions),
  ];
}

function responseTimes(counts: Readonly<RequestCounts>, dimensions: readonly Dimension[]): readonly MetricDatum[] {
  const times = secondsOf(counts);
  const parts = Array.from({ length: Math.ceil(times.length / MAX_VALUES) }, (_, index) =>
    times.slice(index * MAX_VALUES, (index + 1) * MAX_VALUES),
  );
  return parts.map((part) => ({
    MetricName: "TargetResponseTime",
    Unit: "Seconds",
    Dimensions: [...dimensions],
    Values: part.map(([seconds]) => seconds),
    Counts: part.map(([, times]) => times),
  }));
}

function count(MetricName: string, Value: number, dimensions: readonly Dimension[]): MetricDatum {
  return { MetricName, Value, Unit: "Count", Dimensions: [...dimensions] };
}
