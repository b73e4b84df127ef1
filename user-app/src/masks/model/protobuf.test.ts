import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesField, concat, readFields, readPackedVarints, varintField } from "./protobuf.ts";

describe("protocol buffer fields", () => {
  it("come back as they were written", () => {
    const field = fc.oneof(
      fc.record({ number: fc.integer({ min: 1, max: 5000 }), kind: fc.constant("varint"), value: fc.maxSafeInteger() }),
      fc.record({
        number: fc.integer({ min: 1, max: 5000 }),
        kind: fc.constant("bytes"),
        value: fc.uint8Array({ maxLength: 300 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const message = concat(
          fields.map(({ number, value }) =>
            typeof value === "number" ? varintField(number, value) : bytesField(number, value),
          ),
        );
        expect([...readFields(message)]).toEqual(fields);
      }),
    );
  });

  it("are read in the encoding of the specification", () => {
    // The examples of https://protobuf.dev/programming-guides/encoding/
    expect([...readFields(Uint8Array.of(0x08, 0x96, 0x01))]).toEqual([{ number: 1, kind: "varint", value: 150 }]);
    expect([...readFields(Uint8Array.of(0x12, 0x07, ...Buffer.from("testing")))]).toEqual([
      { number: 2, kind: "bytes", value: Uint8Array.from(Buffer.from("testing")) },
    ]);
    expect(readPackedVarints(Uint8Array.of(0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05))).toEqual([3, 270, 86942]);
  });

  it("that are cut short are refused, never read past the end", () => {
    const whole = concat([varintField(1, 300), bytesField(2, "twelve bytes")]);
    for (let length = 1; length < whole.length; length++) {
      if (length === varintField(1, 300).length) continue;
      expect(() => [...readFields(whole.subarray(0, length))]).toThrow(RangeError);
    }
  });
});
