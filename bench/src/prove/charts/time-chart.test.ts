import { expect, test } from "vitest";
import { roundTop } from "./panel.ts";
import { type TimeChart, tickMinutes, timeChart } from "./time-chart.ts";

const MINUTE = 60_000;
const chart = (more: Partial<TimeChart> = {}): TimeChart => ({
  title: "Pool",
  subtitle: "",
  text: "A pool grows.",
  from: 0,
  to: 10 * MINUTE,
  events: [],
  phases: [],
  panels: [],
  ...more,
});

test.each([
  [0, 4],
  [4, 4],
  [5, 8],
  [13, 16],
  [100, 100],
  [101, 120],
  [321, 400],
  [9_000, 10_000],
])("the axis of values up to %d ends at %d", (value, top) => {
  expect(roundTop(value)).toBe(top);
});

test.each([
  [3, 0.25],
  [12, 1],
  [13, 2],
  [35, 5],
])("an axis of %d minutes has a tick every %d minutes", (minutes, step) => {
  expect(tickMinutes(minutes * MINUTE)).toBe(step);
});

test("every colour and line stands in attributes, which viewers without style sheets understand", () => {
  const svg = timeChart(
    chart({
      phases: [{ from: 0, to: MINUTE, text: "load" }],
      events: [{ at: MINUTE, mark: "G", text: "1 → 2" }],
      panels: [
        {
          title: "CPU",
          height: 100,
          lines: [
            {
              name: "mean",
              colour: "cpu",
              points: [
                { at: 0, value: 1 },
                { at: MINUTE, value: 2 },
              ],
            },
          ],
          thresholds: [{ value: 2, text: "grow", kind: "grow" }],
        },
      ],
    }),
  );
  const shapes = [...svg.replace(/<style>[\s\S]*<\/style>/, "").matchAll(/<(?:path|rect|text)[^>]*>/g)].map(
    ([shape]) => shape,
  );
  expect(shapes.length).toBeGreaterThan(15);
  expect(shapes.filter((shape) => !/ (?:fill|stroke)="/.test(shape))).toEqual([]);
  expect(shapes.filter((shape) => / stroke="/.test(shape) && !/ fill="none"/.test(shape))).toEqual([]);
  expect(svg.replace(/@media[\s\S]*<\/style>/, "")).not.toContain("[class");
});

test("the texts of thresholds stand outside of both, where a measure between them does not cross them", () => {
  const placesOf = (shrink: number) => {
    const thresholds = [
      { value: 60, text: "grow above", kind: "grow" },
      { value: shrink, text: "shrink below", kind: "shrink" },
    ] as const;
    const svg = timeChart(chart({ panels: [{ title: "CPU", height: 100, top: 100, thresholds }] }));
    const textY = (text: string) => Number(new RegExp(`y="([\\d.]+)"[^>]*>${text}`).exec(svg)?.[1]);
    const [growY, shrinkY] = [...svg.matchAll(/M\d+ ([\d.]+)H\d+"[^>]* stroke-dasharray/g)].map(([, y]) => Number(y));
    return { grow: textY("grow above") - Number(growY), shrink: textY("shrink below") - Number(shrinkY) };
  };
  expect(placesOf(40)).toEqual({ grow: -5, shrink: 14 });
  // There is no room below.
  expect(placesOf(2)).toEqual({ grow: -5, shrink: -5 });
});

test("counts of workers are rectangles that hold until the next change, stacked on each other", () => {
  const svg = timeChart(
    chart({
      panels: [
        {
          title: "Workers",
          height: 100,
          top: 4,
          bands: [
            {
              name: "in service",
              colour: "ok",
              points: [
                { at: 0, value: 1 },
                { at: 5 * MINUTE, value: 3 },
              ],
            },
            { name: "pending", colour: "mute", hatched: true, points: [{ at: 0, value: 1 }] },
          ],
        },
      ],
    }),
  );
  const plot = [...svg.matchAll(/<rect x="(\S+)" y="\S+" width="(\S+)" height="(\S+)"[^>]*(?:f-ok|hatch-mute)/g)]
    .map(([, x, width, height]) => [x, width, height].map(Number))
    .filter(([, width = 0]) => width > 20); // the key's samples are 18 wide
  expect(plot).toEqual([
    [56, 440, 25],
    [56, 440, 25],
    [496, 440, 75],
    [496, 440, 25],
  ]);
});

test("missing data is a gap, and a lone point a dot", () => {
  const values = [10, null, 20, null, 30, 40];
  const points = values.map((value, index) => ({ at: index * MINUTE, value }));
  const svg = timeChart(
    chart({ panels: [{ title: "CPU", height: 100, top: 100, lines: [{ name: "mean", colour: "cpu", points }] }] }),
  );
  const path = /<path d="(M[^"]*)" class="s-cpu" [^>]*stroke-linecap/.exec(svg)?.[1];
  expect(path?.match(/M/g)).toHaveLength(3);
  expect(path?.match(/h0\.1/g)).toHaveLength(2);
  expect(path?.match(/L/g)).toHaveLength(1);
});

test("a flag at the right edge, whose words stand before it, leaves those of the flag before it free", () => {
  const events = [8.8, 9.6].map((minute) => ({ at: minute * MINUTE, mark: "G" as const, text: "1 → 2" }));
  const rows = [...timeChart(chart({ events })).matchAll(/<rect x="\S+" y="(\d+)" width="18"/g)].map(([, y]) => y);
  expect(new Set(rows).size).toBe(2);
});

test("flags that would touch stand in different rows", () => {
  const events = [1, 1.5, 9].map((minute) => ({ at: minute * MINUTE, mark: "G", text: "1 → 2" }) as const);
  const rows = [...timeChart(chart({ events })).matchAll(/<rect x="\S+" y="(\d+)" width="18"/g)].map(([, y]) => y);
  expect(new Set(rows).size).toBe(2);
  expect(rows[0]).toBe(rows[2]);
});

test("colours follow the reader's theme, and words are escaped", () => {
  const svg = timeChart(chart({ title: "a < b & c" }));
  expect(svg).toContain("@media (prefers-color-scheme: dark)");
  expect(svg).toContain("a &lt; b &amp; c");
  expect(svg).toContain('aria-label="A pool grows."');
});

test.each([
  { words: "short", from: 4, to: 9, place: /^x="\d+\.\d"$/ },
  { words: "too wide for its stretch", from: 4, to: 4.5, place: /text-anchor="end"/ },
  { words: "too wide for its stretch, and for the room before it", from: 2, to: 3, place: /^x="\d+\.\d"$/ },
])("a stretch's words stay within the chart: $words", ({ words, from, to, place }) => {
  const svg = timeChart(chart({ phases: [{ from: from * MINUTE, to: to * MINUTE, text: words }] }));
  expect(new RegExp(`<text ([^>]*) y="\\d+" class="f-text"[^>]*>${words}<`).exec(svg)?.[1]).toMatch(place);
});
