import fc from "fast-check";
import { expect, test } from "vitest";
import { isAllowed } from "./authorize.ts";

const allows = (action: string, resource: string, right: { action: string; resource: string }) =>
  isAllowed([{ actions: [action], resources: [resource] }], right);

test.each([
  ["s3:GetObject", "arn:aws:s3:::inputs/*", "s3:GetObject", "arn:aws:s3:::inputs/a/b", true],
  ["s3:GetObject", "arn:aws:s3:::inputs/*", "s3:getobject", "arn:aws:s3:::inputs/", true],
  ["s3:GetObject", "arn:aws:s3:::inputs/*", "s3:PutObject", "arn:aws:s3:::inputs/a", false],
  ["s3:GetObject", "arn:aws:s3:::inputs/*", "s3:GetObject", "arn:aws:s3:::inputs-2/a", false],
  ["s3:GetObject", "arn:aws:s3:::inputs", "s3:GetObject", "arn:aws:s3:::inputs/a", false],
  ["s3:*", "*", "s3:GetObject", "arn:aws:s3:::any/a", true],
  ["sqs:*", "arn:*:jobs", "sqs:SendMessage", "arn:aws:sqs:eu:1:jobs", true],
  ["sqs:*", "arn:*:jobs", "sqs:SendMessage", "arn:aws:sqs:eu:1:jobs-dlq", false],
  ["ec2:Run*", "a*b*c", "ec2:RunInstances", "a-c", false],
  ["ec2:Run*", "ab*bc", "ec2:RunInstances", "abc", false],
])("%s on %s for %s on %s: %s", (action, resource, wanted, on, expected) => {
  expect(allows(action, resource, { action: wanted, resource: on })).toBe(expected);
});

test("a star stands for any text, and everything else for itself", () => {
  const piece = fc.string({ unit: fc.constantFrom("a", "b", "/", ":"), maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      fc.array(piece, { minLength: 4, maxLength: 4 }),
      (pieces, fill) => {
        const text = pieces.map((part, index) => (index === 0 ? part : `${fill[index]}${part}`)).join("");
        expect(allows("a:b", pieces.join("*"), { action: "a:b", resource: text })).toBe(true);
        const pattern = new RegExp(`^${pieces.join(".*")}$`);
        const other = fill.join("");
        expect(allows("a:b", pieces.join("*"), { action: "a:b", resource: other })).toBe(pattern.test(other));
      },
    ),
  );
});
