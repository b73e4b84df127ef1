import fc from "fast-check";
import { expect, it } from "vitest";
import { spread } from "./stories-among-parts.ts";

it("puts the few evenly among the first of the many", () => {
  expect(spread([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], ["a", "b"] as unknown[])).toEqual([
    "a",
    1,
    2,
    3,
    "b",
    4,
    5,
    6,
    7,
    8,
    9,
    10,
  ]);
  expect(spread(["a"], ["b", "c", "d"])).toEqual(["b", "a", "c", "d"]);
  expect(spread([], ["a", "b"])).toEqual(["a", "b"]);
  expect(spread(["a", "b"], [])).toEqual(["a", "b"]);
});

it("keeps all of both, each in its order", () => {
  const lists = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }));
  fc.assert(
    fc.property(lists, ([many, some]) => {
      const merged = spread(
        Array.from({ length: many }, (_, index) => index),
        Array.from({ length: some }, (_, index) => -1 - index),
      );
      expect(merged.filter((each) => each >= 0)).toEqual(Array.from({ length: many }, (_, index) => index));
      expect(merged.filter((each) => each < 0)).toEqual(Array.from({ length: some }, (_, index) => -1 - index));
    }),
  );
});
