import fc from "fast-check";
import { expect, test } from "vitest";
import { cleanFileName } from "./clean-file-name.ts";

test.each([
  ["../../we<ird\u0000.vcf", "we<ird.vcf"],
  ["C:\\photos\\me.jpg", "me.jpg"],
  ["fdp\u202egpj.exe", "fdpgpj.exe"],
  ["tab\tand\u0000null.vcf", "tabandnull.vcf"],
  ["", "input.vcf"],
  ["a/", "input.vcf"],
  [" \u0007 ", "input.vcf"],
  [`${"x".repeat(300)}.vcf`, `${"x".repeat(196)}.vcf`],
])("%j becomes %j", (name, clean) => expect(cleanFileName(name, "input.vcf")).toBe(clean));

test("a clean name has no path, no control character, at most 200 characters, and is clean already", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (name) => {
      const clean = cleanFileName(name, "photo");
      expect(clean).not.toMatch(/[/\\\p{Cc}\p{Cs}]/u);
      expect([...clean].length).toBeLessThanOrEqual(200);
      expect([...clean].length).toBeGreaterThan(0);
      expect(cleanFileName(clean, "photo").trim()).toBe(clean.trim());
    }),
  );
});
