import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { TreeHash } from "./tree-hash.ts";

const MIB = 1 << 20;
const sha256 = (...parts: readonly Buffer[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

describe("the tree hash", () => {
  it("of up to one MiB is its SHA-256", () => {
    expect(new TreeHash().update(Buffer.from("Hello Glacier")).digest()).toBe(
      sha256(Buffer.from("Hello Glacier")).toString("hex"),
    );
    expect(new TreeHash().digest()).toBe(sha256().toString("hex"));
    const whole = randomBytes(MIB);
    expect(new TreeHash().update(whole).digest()).toBe(sha256(whole).toString("hex"));
  });

  it("pairs the hashes of each MiB and carries a last one up alone", () => {
    const content = randomBytes(2 * MIB + 17);
    const [a, b, c] = [content.subarray(0, MIB), content.subarray(MIB, 2 * MIB), content.subarray(2 * MIB)].map(
      (part) => sha256(part),
    ) as [Buffer, Buffer, Buffer];
    const expected = sha256(sha256(a, b), c).toString("hex");
    expect(new TreeHash().update(content).digest()).toBe(expected);
  });

  it("does not depend on how the bytes come", () => {
    const content = randomBytes(3 * MIB + 5);
    const pieces = new TreeHash();
    for (let start = 0; start < content.length; start += 700_001)
      pieces.update(content.subarray(start, start + 700_001));
    expect(pieces.digest()).toBe(new TreeHash().update(content).digest());
  });
});
