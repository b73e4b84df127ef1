import { describe, expect, test } from "vitest";
import { applyFilters, tagProperty } from "./filters.ts";

interface Thing {
  readonly name: string;
  readonly tags: Record<string, string>;
}

const THINGS: readonly Thing[] = [
  { name: "web-1", tags: { Pool: "web" } },
  { name: "web.2", tags: { Pool: "web", Extra: "*" } },
  { name: "ann-1", tags: {} },
];

function find(filters: { Name?: string; Values?: string[] }[]): string[] {
  const property = (name: string) => (name === "name" ? (thing: Thing) => [thing.name] : tagProperty(name));
  return applyFilters(THINGS, filters, property).map((thing) => thing.name);
}

describe("filters", () => {
  test.each([
    [["web-1"], ["web-1"]],
    [["web*"], ["web-1", "web.2"]],
    [["???-1"], ["web-1", "ann-1"]],
    [["web.?"], ["web.2"]], // a point is a point
    [["WEB-1"], []],
    [["web"], []], // the whole value
    [
      ["ann-1", "web-1"],
      ["web-1", "ann-1"],
    ],
  ])("names like %j are %j", (Values, expected) => {
    expect(find([{ Name: "name", Values }])).toEqual(expected);
  });

  test("all filters must match", () => {
    expect(
      find([
        { Name: "tag:Pool", Values: ["web"] },
        { Name: "name", Values: ["*2"] },
      ]),
    ).toEqual(["web.2"]);
  });

  test("a backslash takes a wildcard's meaning away", () => {
    expect(find([{ Name: "tag:Extra", Values: ["\\*"] }])).toEqual(["web.2"]);
    expect(find([{ Name: "tag:Pool", Values: ["\\*"] }])).toEqual([]);
  });

  test("an inherited name is no tag", () => {
    expect(find([{ Name: "tag:constructor", Values: ["*"] }])).toEqual([]);
  });

  test("no filter shows everything, an unknown one is refused", () => {
    expect(find([])).toHaveLength(3);
    expect(() => find([{ Name: "colour", Values: ["red"] }])).toThrow("The filter 'colour' is invalid");
  });
});
