/** The exponent k of y = c x^k that fits best in the logarithms (least squares); NaN for fewer than two points. */
export function growthExponent(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (read: (point: readonly [number, number]) => number): number =>
    logs.reduce((sum, point) => sum + read(point), 0) / logs.length;
  const [middleX, middleY] = [mean(([x]) => x), mean(([, y]) => y)];
  const covariance = mean(([x, y]) => (x - middleX) * (y - middleY));
  const variance = mean(([x]) => (x - middleX) ** 2);
  return variance === 0 ? Number.NaN : covariance / variance;
}
