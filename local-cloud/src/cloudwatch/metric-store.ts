import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import { preparedStatements } from "../storage/statements.ts";
import type { Point, SeriesKey } from "./datum.ts";
import { merge, type Sample, type Summary } from "./summary.ts";

export interface Series extends SeriesKey {
  readonly id: number;
  readonly unit: string;
}

export interface StoredPoint {
  readonly at: number;
  readonly summary: Summary;
}

const SCHEMA = `
  create table if not exists series (id integer primary key, namespace text not null, name text not null, dimensions text not null,
    unit text not null) strict;
  create table if not exists points (series_id integer not null, at integer not null, seconds integer not null, count real not null,
    sum real not null, min real not null, max real not null, samples text, primary key (series_id, at, seconds)) strict, without rowid;
  create index if not exists fine_points on points (at) where seconds < 60;`;

const SUMMARY = "count, sum, min, max, samples";
const SeriesRow = z.object({
  id: z.number(),
  namespace: z.string(),
  name: z.string(),
  dimensions: z.string(),
  unit: z.string(),
});
const Dimensions = z.array(z.tuple([z.string(), z.string()]));

interface SummaryRow {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly samples: string | null;
}

/** Series and their points on disk; the list of series is held in memory too. Writes want a transaction around them. */
export class MetricStore {
  readonly #sql: (text: string) => StatementSync;
  /** The series of each metric: one for each unit that was published. */
  readonly #series = new Map<string, readonly Series[]>();

  constructor(db: DatabaseSync) {
    this.#sql = preparedStatements(db);
    db.exec(SCHEMA);
    for (const row of db.prepare("select * from series").all()) {
      const { dimensions, ...rest } = SeriesRow.parse(row);
      this.#remember({ ...rest, dimensions: Dimensions.parse(JSON.parse(dimensions)) });
    }
  }

  /** Adds to what is known of the same series and period. */
  add(series: Series, point: Pick<Point, "at" | "seconds" | "summary">): void {
    const key = [series.id, point.at, point.seconds] as const;
    const row = this.#sql(`select ${SUMMARY} from points where series_id = ? and at = ? and seconds = ?`).get(...key);
    const summary = row ? merge(fromRow(row as unknown as SummaryRow), point.summary) : point.summary;
    const { count, sum, min, max, samples } = summary;
    this.#sql("insert or replace into points values (?, ?, ?, ?, ?, ?, ?, ?)").run(
      ...key,
      count,
      sum,
      min,
      max,
      samples && JSON.stringify(samples),
    );
  }

  listSeries(): readonly Series[] {
    return [...this.#series.values()].flat();
  }

  /** The series of one metric: one for each unit that was published, or only that of the given unit. */
  findSeries(key: SeriesKey, unit?: string): readonly Series[] {
    const all = this.#series.get(identity(key)) ?? [];
    return unit === undefined ? all : all.filter((series) => series.unit === unit);
  }

  /** Makes the series when it is new. Not for use in a transaction: memory would keep what a rollback takes back. */
  ensureSeries(key: SeriesKey, unit: string): Series {
    const [known] = this.findSeries(key, unit);
    if (known) return known;
    const { namespace, name, dimensions } = key;
    const { lastInsertRowid } = this.#sql(
      "insert into series (namespace, name, dimensions, unit) values (?, ?, ?, ?)",
    ).run(namespace, name, JSON.stringify(dimensions), unit);
    return this.#remember({ id: Number(lastInsertRowid), namespace, name, dimensions, unit });
  }

  /** Points that begin in [from, to), in order of time. */
  listPoints(series: Series, from: number, to: number): readonly StoredPoint[] {
    const rows = this.#sql(
      `select at, ${SUMMARY} from points where series_id = ? and at >= ? and at < ? order by at`,
    ).all(series.id, from, to);
    return (rows as unknown as (SummaryRow & { at: number })[]).map((row) => ({ at: row.at, summary: fromRow(row) }));
  }

  hasPointsSince(series: Series, since: number): boolean {
    return (
      this.#sql("select 1 from points where series_id = ? and at >= ? limit 1").get(series.id, since) !== undefined
    );
  }

  /**
   * Merges points finer than a minute that began before `before` into points of a minute; at most `limit` of them.
   * Returns how many.
   */
  rollUp(before: number, limit: number): number {
    const rows = this.#sql(`select series_id, at, seconds, ${SUMMARY} from points indexed by fine_points
      where seconds < 60 and at < ? order by at limit ?`).all(before, limit);
    const byId = new Map(this.listSeries().map((series) => [series.id, series]));
    for (const row of rows as unknown as (SummaryRow & { series_id: number; at: number; seconds: number })[]) {
      const series = byId.get(row.series_id);
      const minute = Math.floor(row.at / 60) * 60;
      if (series) this.add(series, { at: minute, seconds: 60, summary: fromRow(row) });
      this.#sql("delete from points where series_id = ? and at = ? and seconds = ?").run(
        row.series_id,
        row.at,
        row.seconds,
      );
    }
    return rows.length;
  }

  /** Deletes points that began before `before`, and series that have none left. */
  deleteBefore(before: number): void {
    for (const series of this.listSeries()) {
      const { changes } = this.#sql("delete from points where series_id = ? and at < ?").run(series.id, before);
      if (Number(changes) === 0 || this.hasPointsSince(series, before)) continue;
      this.#sql("delete from series where id = ?").run(series.id);
      const left = this.findSeries(series).filter(({ id }) => id !== series.id);
      if (left.length > 0) this.#series.set(identity(series), left);
      else this.#series.delete(identity(series));
    }
  }

  #remember(series: Series): Series {
    this.#series.set(identity(series), [...this.findSeries(series), series]);
    return series;
  }
}

function identity({ namespace, name, dimensions }: SeriesKey): string {
  return JSON.stringify([namespace, name, dimensions]);
}

function fromRow({ count, sum, min, max, samples }: SummaryRow): Summary {
  return { count, sum, min, max, samples: samples === null ? null : (JSON.parse(samples) as Sample[]) };
}
