export interface PoolSettings {
  readonly min: number;
  readonly max: number;
  /** Workers in service at the beginning. */
  readonly start: number;
  readonly bootSeconds: number;
  /** Length of a metric period, and the time from its end until its metrics can be read. */
  readonly metricPeriodSeconds: number;
  readonly metricDelaySeconds: number;
  /** The share of the CPU points that never come. */
  readonly lostShare: number;
  /** The checks come so long after the full minute. */
  readonly phaseSeconds: number;
  readonly drainSeconds: number;
  /** Relative error of every CPU point and request count: the deviation of a normal one, the bound of an even one. */
  readonly noise: number;
  readonly noiseShape: "normal" | "even";
  readonly seed: number;
}

export const POOL_DEFAULTS: PoolSettings = {
  min: 1,
  max: 8,
  start: 1,
  bootSeconds: 90,
  metricPeriodSeconds: 60,
  metricDelaySeconds: 60,
  lostShare: 0,
  phaseSeconds: 0,
  drainSeconds: 60,
  noise: 0.02,
  noiseShape: "normal",
  seed: 1,
};
