import { type CloudWatchClient, type MetricDataQuery, paginateGetMetricData } from "@aws-sdk/client-cloudwatch";
import type { METRICS } from "@elastic-gas/shared/metrics";
import { grid, type Point, type Series, toSeries } from "../model/charts/series.ts";

type Metric = (typeof METRICS)[keyof typeof METRICS];

export interface MetricQuery {
  /** Names the answer. */
  readonly key: string;
  readonly metric: Metric;
  /** In the order of the metric's dimension names. */
  readonly dimensions: readonly string[];
  readonly stat: "Average" | "Sum" | "Maximum";
}

export interface MetricSpan {
  readonly from: number;
  readonly to: number;
  readonly periodSeconds: number;
}

// One GetMetricData call takes at most 500 queries:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
const QUERIES_PER_CALL = 500;

/**
 * Reads several metrics with as few calls as possible. Every query has a series in the answer; one without data is all
 * null.
 */
export async function readMetrics(
  cloudwatch: CloudWatchClient,
  queries: readonly MetricQuery[],
  { from, to, periodSeconds }: MetricSpan,
): Promise<ReadonlyMap<string, Series>> {
  const like = grid(from, to, periodSeconds);
  const points = new Map<string, Point[]>(queries.map(({ key }) => [key, []]));
  for (let first = 0; first < queries.length; first += QUERIES_PER_CALL) {
    const batch = queries.slice(first, first + QUERIES_PER_CALL);
    const input = {
      // CloudWatch answers with whole periods; an odd start would be rounded down and cost a second call for high
      // resolutions.
      StartTime: new Date(like.start),
      EndTime: new Date(like.start + like.count * like.stepMs),
      MetricDataQueries: batch.map((query, index) => toDataQuery(query, index, periodSeconds)),
    };
    for await (const page of paginateGetMetricData({ client: cloudwatch }, input)) {
      for (const { Id, Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
        const query = batch[Number(Id?.slice(1))];
        const list = query === undefined ? undefined : points.get(query.key);
        Timestamps.forEach((at, index) => {
          const value = Values[index];
          if (value !== undefined) list?.push({ at: at.getTime(), value });
        });
      }
    }
  }
  return new Map([...points].map(([key, list]) => [key, toSeries(list, like)]));
}

function toDataQuery({ metric, dimensions, stat }: MetricQuery, index: number, period: number): MetricDataQuery {
  return {
    Id: `q${index}`,
    MetricStat: {
      Metric: {
        Namespace: metric.namespace,
        MetricName: metric.name,
        Dimensions: metric.dimensions.map((Name, position) => ({ Name, Value: dimensions[position] ?? "" })),
      },
      Period: period,
      Stat: stat,
    },
    ReturnData: true,
  };
}
