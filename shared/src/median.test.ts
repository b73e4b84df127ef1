import { expect, test } from "vitest";
import { median } from "./median.ts";

test.each([
  [[], null],
  [[3], 3],
  [[10, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
])("the median of %j is %d", (values, expected) => expect(median(values)).toBe(expected));
