/**
 * Makes the two files of the pages' font from the package @fontsource-variable/inter: one with what every page writes,
 * one with the accented letters, which browsers fetch only for pages that have some. The ranges are those of
 * src/ui/tokens.css, the weights those of the style sheets.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

const PACKAGE_FILE = "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";
const TOKENS = join(import.meta.dirname, "../src/ui/tokens.css");
const WEIGHTS = { min: 400, max: 600 };

const whole = readFileSync(fileURLToPath(import.meta.resolve(PACKAGE_FILE)));
for (const [, name = "", ranges = ""] of readFileSync(TOKENS, "utf8").matchAll(
  /fonts\/(inter-\w+)\.woff2[^;]*;\s*unicode-range:\s*([^;]+);/g,
)) {
  const letters = ranges.split(",").flatMap(lettersOf).join("");
  const font = await subsetFont(whole, letters, { targetFormat: "woff2", variationAxes: { wght: WEIGHTS } });
  writeFileSync(join(import.meta.dirname, `${name}.woff2`), font);
  console.log(`${name}.woff2: ${letters.length} letters, ${font.length} bytes`);
}

/** The letters of `U+00A1-00B6` or `U+20AC`. */
function lettersOf(range: string): readonly string[] {
  const [first = 0, last = first] = range
    .trim()
    .replace("U+", "")
    .split("-")
    .map((code) => Number.parseInt(code, 16));
  return Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i));
}
