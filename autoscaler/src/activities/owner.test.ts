import { describe, expect, it } from "vitest";
import { type Activity, type Owned, ownerOfEnd, ownerOfLaunch, sharesOf } from "./owner.ts";

const activity = (id: number, changes: Partial<Activity>): Activity => ({
  id,
  at: 0,
  cause: "manual",
  desiredBefore: 1,
  desiredAfter: 1,
  instanceIds: [],
  ...changes,
});
const owned = (launches: readonly [number, number][] = [], ends: readonly [number, number][] = []): Owned => ({
  launches: new Map(launches),
  ends: new Map(ends),
});

describe("an activity is for", () => {
  it.each([
    ["the launches of its growth", { desiredAfter: 3 }, 2, 0],
    ["the ends of its shrink", { desiredBefore: 3, cause: "policy" }, 0, 2],
    [
      "all launches of a start, for the run before may have ended everything",
      { cause: "start", desiredBefore: 3 },
      1,
      2,
    ],
    ["both sides of a replacement", { cause: "replacement" }, 1, 1],
    ["both sides of a replacement that somebody asked for", { instanceIds: ["i-1"] }, 1, 1],
    ["every end of a stop", { cause: "stop" }, 0, Number.POSITIVE_INFINITY],
  ] as const)("%s", (_, changes, launches, ends) => {
    expect(sharesOf(activity(1, changes))).toEqual({ launches, ends });
  });
});

describe("a launch", () => {
  const first = activity(1, { desiredAfter: 2 });
  const second = activity(2, { desiredBefore: 2, desiredAfter: 4 });

  it("belongs to the oldest click that still needs one: two clicks' rows do not share it", () => {
    expect(ownerOfLaunch([first, second], owned())?.id).toBe(1);
    expect(ownerOfLaunch([first, second], owned([[1, 1]]))?.id).toBe(2);
    expect(
      ownerOfLaunch(
        [first, second],
        owned([
          [1, 1],
          [2, 1],
        ]),
      )?.id,
    ).toBe(2);
    expect(
      ownerOfLaunch(
        [first, second],
        owned([
          [1, 1],
          [2, 2],
        ]),
      ),
    ).toBeUndefined();
  });

  it("after a failed one belongs to whoever that was made for, else to the row of the failure", () => {
    const failure = activity(1, { cause: "launch" });
    const growth = activity(2, { desiredAfter: 2 });
    expect(ownerOfLaunch([failure, growth], owned())?.id).toBe(2);
    expect(ownerOfLaunch([failure, growth], owned([[2, 1]]))?.id).toBe(1);
  });
});

describe("a victim", () => {
  const shrink = activity(1, { desiredBefore: 3, desiredAfter: 1, cause: "policy" });
  const drain = activity(2, { desiredBefore: 1, desiredAfter: 0, instanceIds: ["i-named"] });

  it("belongs to whoever named it, else to the oldest shrink that is not complete", () => {
    expect(ownerOfEnd([shrink, drain], owned(), "i-named")?.id).toBe(2);
    expect(ownerOfEnd([shrink, drain], owned([], [[1, 1]]), "i-other")?.id).toBe(1);
    expect(ownerOfEnd([shrink], owned([], [[1, 2]]), "i-other")).toBeUndefined();
  });
});
