import { expect, it } from "vitest";
import { localCloud } from "./measurement.ts";

it("gives a figure for each call and the growth of a queue", async () => {
  const said: string[] = [];
  const { figures, growth } = await localCloud.measure({ quick: true, say: (line) => said.push(line) });
  expect(figures.filter(({ asked = 0 }) => asked > 0).map(({ name }) => name)).toEqual([
    "send-message",
    "put-metric-data",
    "put-object-16-kib",
    "get-object-16-kib",
    "put-object-1-mib",
    "get-object-1-mib",
    "balancer-get",
    "balancer-post",
  ]);
  expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length);
  // The kernel counts CPU in hundredths of a second: in so short a run the baseline may have used none.
  for (const { name, unit, value } of figures)
    if (unit === "ratio" && !name.endsWith("-cpu")) expect(value, name).toBeGreaterThan(0);
  expect(figures.find(({ name }) => name === "balancer-post-repeated")?.value).toBe(0);
  expect(said).toHaveLength(8);
  for (const { points } of growth?.[0]?.lines ?? []) expect(points.map(([waiting]) => waiting)).toEqual([100, 1_000]);
  expect(growth?.[0]?.lines).toHaveLength(2);
}, 120_000);
