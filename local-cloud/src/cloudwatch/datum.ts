import {
  type Dimension,
  InvalidParameterCombinationException,
  InvalidParameterValueException,
  type MetricDatum,
  MissingRequiredParameterException,
} from "@aws-sdk/client-cloudwatch";
import { type Summary, summaryOf, summaryOfStatistics } from "./summary.ts";

/** What tells one time series from another. Dimensions are sorted by name. */
export interface SeriesKey {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly (readonly [name: string, value: string])[];
}

export interface Point {
  readonly key: SeriesKey;
  readonly unit: string;
  /** Start of the point's period, seconds since 1970. */
  readonly at: number;
  /** Length of the point's period: 1, or the standard one. */
  readonly seconds: number;
  readonly summary: Summary;
}

// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html and .../API_MetricDatum.html
const MAX_DATA = 1000;
const MAX_VALUES = 150;
const MAX_DIMENSIONS = 30;
const MAX_MAGNITUDE = 2 ** 360;
const MAX_PAST_MS = 14 * 86_400_000;
const MAX_FUTURE_MS = 2 * 3_600_000;

/**
 * The points of a PutMetricData. Throws CloudWatch's exceptions. `standardSeconds` is the period of data without a
 * storage resolution of 1.
 */
export function pointsOf(
  namespace: string | undefined,
  data: readonly MetricDatum[] | undefined,
  { now, standardSeconds }: { readonly now: Date; readonly standardSeconds: number },
): readonly Point[] {
  if (!namespace) throw missing("Namespace");
  if (namespace.length > 255 || !/^[^:][\x20-\x7e]*$/.test(namespace))
    throw invalid(`The value ${namespace} for parameter Namespace is invalid.`);
  if (!data || data.length === 0) throw missing("MetricData");
  if (data.length > MAX_DATA) throw invalid(`The collection MetricData must not have a size greater than ${MAX_DATA}.`);
  return data.map((datum, index) =>
    pointOf(namespace, datum, { now, standardSeconds, where: `MetricData.member.${index + 1}` }),
  );
}

function pointOf(
  namespace: string,
  datum: MetricDatum,
  { now, standardSeconds, where }: { readonly now: Date; readonly standardSeconds: number; readonly where: string },
): Point {
  const { MetricName: name, Timestamp: timestamp = now, StorageResolution = 60 } = datum;
  if (!name) throw missing(`${where}.MetricName`);
  if (name.length > 255) throw invalid(`${where}.MetricName must be at most 255 characters long.`);
  if (StorageResolution !== 1 && StorageResolution !== 60) throw invalid(`${where}.StorageResolution must be 1 or 60.`);
  const ageMs = now.getTime() - timestamp.getTime();
  if (!(ageMs <= MAX_PAST_MS && ageMs >= -MAX_FUTURE_MS)) {
    throw invalid(`${where}.Timestamp must be at most two weeks in the past and two hours in the future.`);
  }
  const seconds = StorageResolution === 1 ? 1 : standardSeconds;
  return {
    key: { namespace, name, dimensions: sortedDimensions(datum.Dimensions, where) },
    unit: datum.Unit ?? "None",
    at: Math.floor(timestamp.getTime() / 1000 / seconds) * seconds,
    seconds,
    summary: summaryOfDatum(datum, where),
  };
}

/** Throws InvalidParameterValue for missing parts and repeated names. */
export function sortedDimensions(
  dimensions: readonly Dimension[] | undefined = [],
  where: string,
): SeriesKey["dimensions"] {
  if (dimensions.length > MAX_DIMENSIONS)
    throw invalid(`${where}.Dimensions must not have more than ${MAX_DIMENSIONS} members.`);
  const pairs = dimensions.map(({ Name, Value }) => {
    if (!Name || !Value || Name.length > 255 || Value.length > 1024)
      throw invalid(`${where}.Dimensions: every dimension needs a name and a value.`);
    return [Name, Value] as const;
  });
  if (new Set(pairs.map(([name]) => name)).size < pairs.length)
    throw invalid(`${where}.Dimensions: a dimension name is repeated.`);
  return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
}

function summaryOfDatum(datum: MetricDatum, where: string): Summary {
  const { Value, StatisticValues, Values, Counts } = datum;
  if ([Value, StatisticValues, Values].filter((given) => given !== undefined).length > 1) {
    const message = `The parameters ${where}.Value, StatisticValues and Values are mutually exclusive.`;
    throw new InvalidParameterCombinationException({ message, $metadata: {} });
  }
  if (Value !== undefined) return summaryOf([[checkedNumber(Value, where), 1]]);
  if (StatisticValues) {
    const [count, sum, min, max] = [
      StatisticValues.SampleCount,
      StatisticValues.Sum,
      StatisticValues.Minimum,
      StatisticValues.Maximum,
    ].map((number) => checkedNumber(number, where)) as [number, number, number, number];
    if (count <= 0 || min > max)
      throw invalid(`${where}.StatisticValues: SampleCount must be above 0 and Minimum at most Maximum.`);
    return summaryOfStatistics({ count, sum, min, max });
  }
  if (!Values) throw missing(`${where}.Value`);
  if (Values.length === 0 || Values.length > MAX_VALUES)
    throw invalid(`${where}.Values must have 1 to ${MAX_VALUES} members.`);
  if (Counts && Counts.length !== Values.length) throw invalid(`${where}.Counts must have as many members as Values.`);
  const samples = Values.map(
    (value, index) => [checkedNumber(value, where), checkedNumber(Counts?.[index] ?? 1, where)] as const,
  );
  if (samples.some(([, count]) => count <= 0)) throw invalid(`${where}.Counts must be above 0.`);
  return summaryOf(samples);
}

function checkedNumber(value: number | undefined, where: string): number {
  if (value === undefined) throw missing(where);
  if (!Number.isFinite(value) || Math.abs(value) > MAX_MAGNITUDE)
    throw invalid(`The value ${value} in ${where} is invalid.`);
  return value;
}

function missing(parameter: string): MissingRequiredParameterException {
  return new MissingRequiredParameterException({ message: `The parameter ${parameter} is required.`, $metadata: {} });
}

function invalid(message: string): InvalidParameterValueException {
  return new InvalidParameterValueException({ message, $metadata: {} });
}
