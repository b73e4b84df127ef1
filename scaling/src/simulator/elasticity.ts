/** One sampling interval: what was needed and what served. */
export interface Sample {
  /** Fewest workers that meet the service level; at least 1. */
  readonly demand: number;
  readonly inService: number;
  /** Offered load in workers' worth. */
  readonly load: number;
  /** Workers that are paid for: booting, serving and draining ones. */
  readonly paid: number;
}

/** Shares are percentages of the time or of the demand. */
export interface Elasticity {
  readonly thetaU: number;
  readonly thetaO: number;
  readonly tauU: number;
  readonly tauO: number;
  readonly instability: number;
  /** Minutes in which the load was more than all workers in service can carry at 100 % CPU. */
  readonly overloadMinutes: number;
  readonly workerMinutes: number;
}

/** A worker above this CPU no longer meets the service level. */
const SERVICE_SHARE = 0.8;

export function demandFor(load: number): number {
  return Math.max(1, Math.ceil(load / SERVICE_SHARE - 1e-9));
}

/**
 * The elasticity metrics of the SPEC cloud group over samples of equal length: accuracy (theta) and time share (tau) of
 * under- and over-provisioning, and the share of the time in which demand and supply do not move the same way. Herbst
 * et al., "Ready for Rain? A View from SPEC Research on the Future of Cloud Metrics", SPEC-RG-2016-01,
 * https://arxiv.org/abs/1604.03470
 */
export function measureElasticity(samples: readonly Sample[], sampleSeconds: number): Elasticity {
  const share = (of: (sample: Sample) => number): number => (100 * sumOf(samples, of)) / Math.max(1, samples.length);
  const minutes = (of: (sample: Sample) => number): number => (sumOf(samples, of) * sampleSeconds) / 60;
  const moves = samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample;
    const apart = Math.sign(sample.inService - before.inService) - Math.sign(sample.demand - before.demand);
    return Math.min(Math.abs(apart), 1);
  });
  return {
    thetaU: share(({ demand, inService }) => Math.max(demand - inService, 0) / demand),
    thetaO: share(({ demand, inService }) => Math.max(inService - demand, 0) / demand),
    tauU: share(({ demand, inService }) => (demand > inService ? 1 : 0)),
    tauO: share(({ demand, inService }) => (inService > demand ? 1 : 0)),
    instability: (100 * moves.reduce((sum, move) => sum + move, 0)) / Math.max(1, samples.length),
    overloadMinutes: minutes(({ load, inService }) => (load > inService ? 1 : 0)),
    workerMinutes: minutes(({ paid }) => paid),
  };
}

/** What a pool would get that never changes and has as many workers as are needed on average. */
export function withoutScaling(samples: readonly Sample[], sampleSeconds: number): Elasticity {
  const mean = Math.max(1, Math.round(sumOf(samples, ({ demand }) => demand) / Math.max(1, samples.length)));
  const fixed = samples.map((sample) => ({ ...sample, inService: mean, paid: mean }));
  return measureElasticity(fixed, sampleSeconds);
}

/** Means of the shares and sums of the minutes, over several loads. */
export function sumElasticity(parts: readonly Elasticity[]): Elasticity {
  const sum = (of: (part: Elasticity) => number): number => parts.reduce((total, part) => total + of(part), 0);
  const mean = (of: (part: Elasticity) => number): number => sum(of) / Math.max(1, parts.length);
  return {
    thetaU: mean((part) => part.thetaU),
    thetaO: mean((part) => part.thetaO),
    tauU: mean((part) => part.tauU),
    tauO: mean((part) => part.tauO),
    instability: mean((part) => part.instability),
    overloadMinutes: sum((part) => part.overloadMinutes),
    workerMinutes: sum((part) => part.workerMinutes),
  };
}

/**
 * Elastic speed-up: how many times better than without scaling, by the geometric mean of the four; null when one of
 * them is 0.
 */
export function elasticSpeedUp(fixed: Elasticity, scaled: Elasticity): number | null {
  const ratios = [
    fixed.thetaU / scaled.thetaU,
    fixed.thetaO / scaled.thetaO,
    fixed.tauU / scaled.tauU,
    fixed.tauO / scaled.tauO,
  ];
  if (ratios.some((ratio) => !Number.isFinite(ratio) || ratio === 0)) return null;
  return ratios.reduce((product, ratio) => product * ratio, 1) ** (1 / ratios.length);
}

function sumOf(samples: readonly Sample[], of: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + of(sample), 0);
}
