import {
  type Datapoint,
  type GetMetricStatisticsCommandInput,
  type GetMetricStatisticsCommandOutput,
  InvalidNextToken,
  InvalidParameterCombinationException,
  InvalidParameterValueException,
  type ListMetricsCommandInput,
  type ListMetricsCommandOutput,
  MissingRequiredParameterException,
  type PutMetricDataCommandInput,
  type PutMetricDataCommandOutput,
  type StandardUnit,
} from "@aws-sdk/client-cloudwatch";
import type { Handler } from "../wire/handler.ts";
import { type SeriesKey, sortedDimensions } from "./datum.ts";
import { getMetricData, type IsVisible } from "./get-metric-data.ts";
import type { MetricStore } from "./metric-store.ts";
import { isPeriod, readBuckets } from "./read.ts";
import { isStatistic, statisticOf } from "./summary.ts";

const MAX_DATAPOINTS = 1440;
const LIST_PAGE = 500;
const RECENT_SECONDS = 3 * 3600; // RecentlyActive=PT3H

export function metricOperations(
  store: MetricStore,
  {
    now,
    put,
    isVisible,
  }: {
    readonly now: () => Date;
    readonly isVisible: IsVisible;
    readonly put: (namespace: string | undefined, data: PutMetricDataCommandInput["MetricData"]) => Promise<void>;
  },
) {
  const PutMetricData: Handler<PutMetricDataCommandInput, PutMetricDataCommandOutput> = async (input) => {
    if (input.Namespace?.startsWith("AWS/"))
      throw invalid(`The value ${input.Namespace} for parameter Namespace is invalid: AWS/ is reserved.`);
    await put(input.Namespace, input.MetricData);
    return {};
  };

  const GetMetricStatistics: Handler<GetMetricStatisticsCommandInput, GetMetricStatisticsCommandOutput> = async (
    input,
  ) => {
    const { StartTime: start, EndTime: end, Period: periodSeconds, Unit } = input;
    if (!input.Namespace || !input.MetricName || !start || !end)
      throw missing("Namespace, MetricName, StartTime and EndTime");
    if (!(start < end)) throw invalid("The parameter StartTime must be less than the parameter EndTime.");
    if (!isPeriod(periodSeconds)) throw invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.");
    const names = [...(input.Statistics ?? []), ...(input.ExtendedStatistics ?? [])];
    if (names.length === 0) throw missing("Statistics");
    const statistics = names.filter(isStatistic);
    if (statistics.length < names.length) throw invalid(`A statistic of ${names.join(", ")} is not supported.`);

    // Unlike GetMetricData, buckets begin at the start time, moved down to its minute.
    const grain = Math.min(periodSeconds, 60);
    const from = Math.floor(start.getTime() / 1000 / grain) * grain;
    const window = { from, to: Math.ceil(end.getTime() / 1000), periodSeconds };
    if ((window.to - from) / periodSeconds > MAX_DATAPOINTS) {
      const message = `You have requested more than the limit of ${MAX_DATAPOINTS} datapoints. You may reduce them by increasing Period, or decreasing the time range.`;
      throw new InvalidParameterCombinationException({ message, $metadata: {} });
    }
    const key = {
      namespace: input.Namespace,
      name: input.MetricName,
      dimensions: sortedDimensions(input.Dimensions, "Request"),
    };
    const Datapoints = store.findSeries(key, Unit).flatMap((series) =>
      readBuckets(store, [series], window)
        .filter(({ at }) => isVisible(at, periodSeconds))
        .map(({ at, summary }): Datapoint => {
          const told = statistics.flatMap((name) => {
            const value = statisticOf(summary, name);
            return value === null ? [] : [[name, value] as const];
          });
          const plain = told.filter(([name]) => !name.startsWith("p"));
          const extended = told.filter(([name]) => name.startsWith("p"));
          return {
            Timestamp: new Date(at * 1000),
            Unit: series.unit as StandardUnit, // taken from a PutMetricData
            ...Object.fromEntries(plain),
            ...(extended.length > 0 && { ExtendedStatistics: Object.fromEntries(extended) }),
          };
        }),
    );
    return { Label: key.name, Datapoints };
  };

  const ListMetrics: Handler<ListMetricsCommandInput, ListMetricsCommandOutput> = async (input) => {
    const since = Math.floor(now().getTime() / 1000) - RECENT_SECONDS;
    const matching = store
      .listSeries()
      .filter((series) => matches(series, input) && (!input.RecentlyActive || store.hasPointsSince(series, since)));
    const distinct = [
      ...new Map(
        matching.map((series) => [JSON.stringify([series.namespace, series.name, series.dimensions]), series]),
      ).values(),
    ];
    const from = offsetOf(input.NextToken);
    const page = distinct.slice(from, from + LIST_PAGE);
    return {
      Metrics: page.map(({ namespace, name, dimensions }) => ({
        Namespace: namespace,
        MetricName: name,
        Dimensions: dimensions.map(([Name, Value]) => ({ Name, Value })),
      })),
      NextToken:
        from + LIST_PAGE < distinct.length ? Buffer.from(String(from + LIST_PAGE)).toString("base64url") : undefined,
    };
  };

  return { PutMetricData, GetMetricData: getMetricData(store, isVisible), GetMetricStatistics, ListMetrics };
}

function matches(series: SeriesKey, { Namespace, MetricName, Dimensions = [] }: ListMetricsCommandInput): boolean {
  return (
    (Namespace === undefined || Namespace === series.namespace) &&
    (MetricName === undefined || MetricName === series.name) &&
    Dimensions.every(({ Name, Value }) =>
      series.dimensions.some(([name, value]) => name === Name && (Value === undefined || value === Value)),
    )
  );
}

function offsetOf(token: string | undefined): number {
  if (token === undefined) return 0;
  const offset = Number(Buffer.from(token, "base64url").toString());
  if (!Number.isInteger(offset) || offset < 1)
    throw new InvalidNextToken({ message: "The next token specified is invalid.", $metadata: {} });
  return offset;
}

function missing(parameter: string): MissingRequiredParameterException {
  return new MissingRequiredParameterException({ message: `Required: ${parameter}.`, $metadata: {} });
}

function invalid(message: string): InvalidParameterValueException {
  return new InvalidParameterValueException({ message, $metadata: {} });
}
