import {
  type GetMetricDataCommandInput,
  type GetMetricDataCommandOutput,
  InvalidNextToken,
  type MessageData,
  type MetricDataQuery,
  type MetricDataResult,
} from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { Fault, type Handler } from "../wire/handler.ts";
import { sortedDimensions } from "./datum.ts";
import type { MetricStore } from "./metric-store.ts";
import { alignedWindow, isPeriod, readBuckets, valuesOf } from "./read.ts";
import { isStatistic } from "./summary.ts";

const MAX_QUERIES = 500;
const MAX_DATAPOINTS = 100_800;
const Token = z.object({ skip: z.number().int().positive() });

/** Whether a period that begins at an instant (epoch seconds) is told yet. */
export type IsVisible = (at: number, periodSeconds: number) => boolean;

/** GetMetricData for metrics; metric math and Metrics Insights are refused with a ValidationError. */
export function getMetricData(
  store: MetricStore,
  isVisible: IsVisible,
): Handler<GetMetricDataCommandInput, GetMetricDataCommandOutput> {
  return async (input) => {
    const queries = input.MetricDataQueries ?? [];
    const { StartTime: start, EndTime: end } = input;
    checkQueries(queries);
    if (!start || !end || !(start < end))
      throw invalid("The parameter StartTime must be less than the parameter EndTime.");
    const limit = input.MaxDatapoints ?? MAX_DATAPOINTS;
    if (limit < 1 || limit > MAX_DATAPOINTS) throw invalid(`MaxDatapoints must be from 1 to ${MAX_DATAPOINTS}.`);

    const results = queries
      .filter(({ ReturnData = true }) => ReturnData)
      .map((query) =>
        resultOf({ store, isVisible }, query, { start, end, ascending: input.ScanBy === "TimestampAscending" }),
      );
    return pageOf(results, skipOf(input.NextToken), limit);
  };
}

function checkQueries(queries: readonly MetricDataQuery[]): void {
  if (queries.length === 0) throw invalid("The parameter MetricDataQueries is required.");
  if (queries.length > MAX_QUERIES)
    throw invalid(`The collection MetricDataQueries must not have a size greater than ${MAX_QUERIES}.`);
  const ids = queries.map(({ Id }) => Id ?? "");
  const bad = ids.find((id) => !/^[a-z][A-Za-z0-9_]{0,254}$/.test(id));
  if (bad !== undefined)
    throw invalid(`The value "${bad}" for MetricDataQueries Id is invalid: it must begin with a lowercase letter.`);
  if (new Set(ids).size < ids.length) throw invalid("The values for MetricDataQueries Id must be unique.");
  for (const { Id, Expression, MetricStat } of queries) {
    if (Expression !== undefined) {
      throw invalid(
        `Metric math is not supported here: give query "${Id}" a MetricStat instead of the expression "${Expression}".`,
      );
    }
    if (!MetricStat?.Metric?.Namespace || !MetricStat.Metric.MetricName)
      throw invalid(`Query "${Id}" needs a MetricStat with a metric.`);
    if (!isPeriod(MetricStat.Period))
      throw invalid(`Query "${Id}": Period must be 1, 5, 10, 20, 30 or a multiple of 60.`);
    if (!isStatistic(MetricStat.Stat ?? ""))
      throw invalid(`Query "${Id}": the statistic "${MetricStat.Stat}" is not supported.`);
  }
}

function resultOf(
  { store, isVisible }: { readonly store: MetricStore; readonly isVisible: IsVisible },
  { Id, Label, MetricStat }: MetricDataQuery,
  { start, end, ascending }: { readonly start: Date; readonly end: Date; readonly ascending: boolean },
): MetricDataResult {
  const { Metric, Period = 60, Stat = "", Unit } = MetricStat ?? {};
  const key = {
    namespace: Metric?.Namespace ?? "",
    name: Metric?.MetricName ?? "",
    dimensions: sortedDimensions(Metric?.Dimensions, `Query "${Id}"`),
  };
  const buckets = readBuckets(store, store.findSeries(key, Unit), alignedWindow(start, end, Period));
  const values = isStatistic(Stat) ? [...valuesOf(buckets, Stat)].filter(({ at }) => isVisible(at, Period)) : [];
  if (!ascending) values.reverse();
  return {
    Id,
    Label: Label ?? key.name,
    Timestamps: values.map(({ at }) => new Date(at * 1000)),
    Values: values.map(({ value }) => value),
    StatusCode: "Complete",
  };
}

/**
 * At most `limit` data points of all results in a row, after the first `skip`. Results without any left appear on the
 * first page only.
 */
function pageOf(
  results: readonly MetricDataResult[],
  skip: number,
  limit: number,
): Pick<GetMetricDataCommandOutput, "MetricDataResults" | "NextToken"> & { readonly Messages: MessageData[] } {
  const MetricDataResults: MetricDataResult[] = [];
  let before = 0;
  for (const result of results) {
    const { Values = [], Timestamps = [] } = result;
    const from = Math.min(Math.max(0, skip - before), Values.length);
    const to = Math.max(from, Math.min(Values.length, skip + limit - before));
    before += Values.length;
    const empty = to === from;
    if (empty && (skip > 0 || Values.length > 0)) continue;
    MetricDataResults.push({
      ...result,
      Timestamps: Timestamps.slice(from, to),
      Values: Values.slice(from, to),
      StatusCode: to < Values.length ? "PartialData" : "Complete",
    });
  }
  const next = skip + limit;
  const NextToken = next < before ? Buffer.from(JSON.stringify({ skip: next })).toString("base64url") : undefined;
  return { MetricDataResults, NextToken, Messages: [] };
}

function skipOf(token: string | undefined): number {
  if (token === undefined) return 0;
  try {
    return Token.parse(JSON.parse(Buffer.from(token, "base64url").toString())).skip;
  } catch {
    throw new InvalidNextToken({ message: "The next token specified is invalid.", $metadata: {} });
  }
}

function invalid(message: string): Fault {
  return new Fault("ValidationError", message);
}
