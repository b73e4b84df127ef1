import { expect, test } from "vitest";
import {
  capitalize,
  formatBytes,
  formatCount,
  formatCountOf,
  formatNumber,
  formatOrdinal,
  formatPercent,
  formatShare,
} from "./numbers.ts";

const spaced = (text: string) => text.replaceAll(" ", "\u00a0");

test.each([
  [0, "0 B"],
  [1_023, "1,023 B"],
  [140_030, "136.7 KB"],
  [153_600, "150 KB"],
  [1_048_575, "1 MB"],
  [2_936_012, "2.8 MB"],
  [5 * 1_024 ** 5, "5,120 TB"],
])("%i bytes read %s", (bytes, text) => expect(formatBytes(bytes)).toBe(spaced(text)));

test.each([
  [0, 0, "0 %"],
  [0.374, 0, "37 %"],
  [0.946, 1, "94.6 %"],
  [0.002, 0, "< 1 %"],
  [0.0002, 1, "< 0.1 %"],
  [1, 0, "100 %"],
])("a share of %d with %d digits reads %s", (share, digits, text) =>
  expect(formatShare(share, digits)).toBe(spaced(text)),
);

test.each([
  [70, "70 %"],
  [78.23, "78.2 %"],
  [99.96, "100 %"],
])("%d percent reads %s", (percent, text) => expect(formatPercent(percent)).toBe(spaced(text)));

test.each([
  [1, "1st"],
  [2, "2nd"],
  [3, "3rd"],
  [11, "11th"],
  [112, "112th"],
  [1_001, "1,001st"],
])("%i in a queue reads %s", (n, text) => expect(formatOrdinal(n)).toBe(text));

test("counts are grouped and agree with their noun", () => {
  expect(formatCount(1_372)).toBe("1,372");
  expect(formatNumber(13_023.04)).toBe("13,023");
  expect(formatCountOf(1, "job")).toBe("1 job");
  expect(formatCountOf(2, "retry", "retries")).toBe("2 retries");
  expect(capitalize("in service")).toBe("In service");
});
