import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bytesText,
  countdownText,
  countOf,
  countText,
  escapeHtml,
  ordinalText,
  percentText,
  spanText,
} from "./words.ts";

test.each([
  [0, "0 B"],
  [1_023, "1023 B"],
  [140_030, "136.7 KB"],
  [153_600, "150 KB"],
  [1_048_575, "1 MB"],
  [2_936_012, "2.8 MB"],
])("%i bytes read %s", (bytes, words) => expect(bytesText(bytes)).toBe(words.replace(" ", "\u00a0")));

test.each([
  [0, 0, "0 %"],
  [0.374, 0, "37 %"],
  [0.946, 1, "94.6 %"],
  [0.002, 0, "< 1 %"],
  [1, 0, "100 %"],
])("a share of %d with %d digits reads %s", (share, digits, words) =>
  expect(percentText(share, digits)).toBe(words.replaceAll(" ", "\u00a0")),
);

test.each([
  [0, "0 s"],
  [1.44, "1.4 s"],
  [9.97, "10 s"],
  [119, "119 s"],
  [120, "2 min"],
  [3_600, "1 h"],
  [8_040, "2 h 14 min"],
  [86_400 * 3, "3 days"],
])("%d seconds read %s", (seconds, words) => expect(spanText(seconds)).toBe(words.replaceAll(" ", "\u00a0")));

test.each([
  [252_000, "4:12"],
  [251_001, "4:12"],
  [-5, "0:00"],
  [3_605_000, "1:00:05"],
])("%i ms left read %s", (left, words) => expect(countdownText(left)).toBe(words));

test.each([
  [1, "1st"],
  [2, "2nd"],
  [3, "3rd"],
  [11, "11th"],
  [112, "112th"],
  [1_001, "1,001st"],
])("%i in a queue reads %s", (n, words) => expect(ordinalText(n)).toBe(words));

test("counts are grouped and agree with their noun", () => {
  expect(countText(1_372)).toBe("1,372");
  expect(countOf(1, "job")).toBe("1 job");
  expect(countOf(2, "retry", "retries")).toBe("2 retries");
});

test("escaped text holds no character that could end a text or an attribute", () => {
  fc.assert(fc.property(fc.string(), (text) => !/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/.test(escapeHtml(text))));
});
