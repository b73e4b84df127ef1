/** A small generator with a seed, so that runs can be compared (Park and Miller, 1988): whole numbers below a bound. */
export function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}
