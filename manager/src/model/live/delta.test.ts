import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyDelta, diff } from "./delta.ts";

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Lists of things with ids, series of numbers, and anything else. */
const item = fc.record(
  {
    id: fc.constantFrom("a", "b", "c", "d"),
    state: fc.constantFrom("new", "old"),
    more: fc.jsonValue({ maxDepth: 1 }),
  },
  { requiredKeys: ["id"] },
);
const state = fc.record(
  {
    at: fc.nat(),
    items: fc.array(item, { maxLength: 6 }),
    series: fc.array(fc.option(fc.nat(3)), { maxLength: 12 }),
    rest: fc.jsonValue(),
    gone: fc.constant(undefined),
  },
  { requiredKeys: ["at"] },
);

describe("a delta", () => {
  it("leads from any value to any other, over the wire, and leaves the first as it was", () => {
    fc.assert(
      fc.property(fc.oneof(state, fc.jsonValue()), fc.oneof(state, fc.jsonValue()), (before, after) => {
        const delta = diff(before, after);
        const start = throughJson(before);
        const end = delta === undefined ? start : applyDelta(start, throughJson(delta) as typeof delta);
        expect(end).toEqual(throughJson(after));
        expect(start).toEqual(throughJson(before));
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps a member of any name", () => {
    const after = '{"a":2,"__proto__":{"b":2}}';
    const [start, end]: unknown[] = [JSON.parse('{"a":1}'), JSON.parse(after)];
    const delta = diff(start, end);
    expect(JSON.stringify(delta === undefined ? start : applyDelta(start, delta))).toBe(after);
  });

  it("is none between equal values", () => {
    fc.assert(
      fc.property(fc.oneof(state, fc.jsonValue()), (value) => {
        expect(diff(value, throughJson(value))).toBeUndefined();
      }),
    );
  });

  it("names what changed, and nothing else", () => {
    const worker = { id: "i-1", state: "in service", load: { cpuPercent: 48, work: 120 } };
    const before = { at: 1, workers: [{ id: "i-0", state: "warming" }, worker], alert: "old" };
    const after = {
      at: 2,
      workers: [
        { id: "i-2", state: "pending" },
        { ...worker, load: { cpuPercent: 49, work: 120 } },
      ],
    };
    expect(diff(before, after)).toEqual({
      of: {
        at: { is: 2 },
        workers: {
          list: [
            { add: [{ id: "i-2", state: "pending" }] },
            { at: 1, by: { of: { load: { of: { cpuPercent: { is: 49 } } } } } },
          ],
        },
        alert: null,
      },
    });
  });

  it("of a series that moved on holds its new values", () => {
    const values = Array.from({ length: 30 }, (_, index) => index * 1.5);
    expect(diff([...values, null], [...values.slice(1), 47, null])).toEqual({
      list: [[1, 29], { add: [47] }, [30, 1]],
    });
  });

  it("of another value is refused rather than applied in part", () => {
    expect(() => applyDelta({ a: 1 }, { list: [[0, 1]] })).toThrow();
    expect(() => applyDelta([1], { list: [[0, 2]] })).toThrow();
    expect(() => applyDelta([1], { of: { a: { is: 1 } } })).toThrow();
  });
});
