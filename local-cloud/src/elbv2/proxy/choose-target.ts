export type Algorithm = "round_robin" | "least_outstanding_requests";

/** The target of the next request; undefined when there is none. `turn` counts requests and breaks ties. */
export function chooseTarget<T extends { readonly inFlight: number }>(
  targets: readonly T[],
  algorithm: Algorithm,
  turn: number,
): T | undefined {
  const first = targets[turn % targets.length];
  if (algorithm === "round_robin" || !first) return first;
  let best = first;
  for (let step = 1; step < targets.length; step += 1) {
    const candidate = targets[(turn + step) % targets.length];
    if (candidate && candidate.inFlight < best.inFlight) best = candidate;
  }
  return best;
}
