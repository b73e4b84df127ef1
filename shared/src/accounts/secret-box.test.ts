import fc from "fast-check";
import { expect, test } from "vitest";
import { createSecretBox } from "./secret-box.ts";

const KEY = "a key of at least thirty-two characters";
const box = createSecretBox(KEY);

test("what is sealed opens again, for its row and with its key only, and never looks the same twice", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (secret, of, other) => {
      const sealed = box.seal(secret, of);
      expect(box.open(sealed, of)).toBe(secret);
      expect(createSecretBox(KEY).open(sealed, of)).toBe(secret);
      expect(box.seal(secret, of)).not.toBe(sealed);
      if (other !== of) expect(() => box.open(sealed, other)).toThrow();
      if (secret.length > 3) expect(sealed).not.toContain(secret);
      expect(() => createSecretBox(`${KEY}.`).open(sealed, of)).toThrow();
    }),
  );
});

test("a changed byte anywhere is found", () => {
  const sealed = box.seal("JBSWY3DPEHPK3PXP", "7");
  const bytes = Buffer.from(sealed.slice("gcm1.".length), "base64url");
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8((changed.readUInt8(index) + 1) % 256, index);
    expect(() => box.open(`gcm1.${changed.toString("base64url")}`, "7"), `byte ${index}`).toThrow();
  }
  expect(() => box.open("gcm1.", "7")).toThrow();
});

test("what was stored before there was a key is read; without the key, nothing that was sealed is", () => {
  expect(box.open("JBSWY3DPEHPK3PXP", "7")).toBe("JBSWY3DPEHPK3PXP");
  expect([box.isSealed("JBSWY3DPEHPK3PXP"), box.isSealed(box.seal("a", "7"))]).toEqual([false, true]);
  const none = createSecretBox(undefined);
  expect(none.seal("JBSWY3DPEHPK3PXP", "7")).toBe("JBSWY3DPEHPK3PXP");
  expect(() => none.open(box.seal("a", "7"), "7")).toThrow(/TOTP_KEY is not set/);
});
