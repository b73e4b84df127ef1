import { expect, it } from "vitest";
import { csvLine } from "./csv.ts";

it.each<[string, Parameters<typeof csvLine>[0], string]>([
  ["numbers as they are, also negative ones, and nothing for what is missing", [1.5, -2, null, undefined], "1.5,-2,,"],
  ["texts with commas, quotes and line ends quoted", ["a,b", 'a "b"', "a\nb"], '"a,b","a ""b""","a\nb"'],
  ["no text that a spreadsheet would run", ["=1+1", "+1", "-1", "@a"], "'=1+1,'+1,'-1,'@a"],
])("writes %s", (_, cells, line) => {
  expect(csvLine(cells)).toBe(`${line}\r\n`);
});
