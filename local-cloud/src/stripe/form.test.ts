import fc from "fast-check";
import { expect, test } from "vitest";
import { readForm } from "./form.ts";

test.each([
  ["a=1&b=two%20words", { a: "1", b: "two words" }],
  ["line_items[0][price]=p&line_items[0][quantity]=1", { line_items: [{ price: "p", quantity: "1" }] }],
  ["expand[]=a&expand[]=b", { expand: ["a", "b"] }],
  ["metadata[user_id]=7&metadata[__proto__]=x", { metadata: JSON.parse('{"user_id":"7","__proto__":"x"}') }],
  ["metadata=", { metadata: "" }],
])("%s is read", (text, expected) => {
  expect(readForm(text)).toEqual(expected);
});

test("no text breaks the reader, and none reaches an object's prototype", () => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom("", "a[", "[__proto__][x]=1&", "__proto__[x]=1&"), (text, prefix) => {
      readForm(prefix + text);
      expect(Object.prototype).not.toHaveProperty("x");
    }),
  );
});
