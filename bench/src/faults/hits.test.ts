import { expect, it } from "vitest";
import { withHits } from "./hits.ts";

const fault = (name: string, from: number) => ({ name, from, to: from + 10, notMade: null });
const ended = (rule: string, strikes: number) => JSON.stringify({ msg: "fault ends", rule, strikes, level: 40 });

it("a fault has the hits that local-cloud counted for it, also when one of its name came before", () => {
  const log = [ended("a", 3), "{cut", JSON.stringify({ msg: "fault begins", rule: "b" }), ended("b", 0)].join("\n");
  const faults = [fault("s3 is slow", 0), fault("s3 is slow", 100), fault("sqs is slow", 100), fault("kill", 200)];
  const asked = [
    { id: "a", name: "s3 is slow", at: 1 },
    { id: "b", name: "s3 is slow", at: 101 },
    { id: "c", name: "sqs is slow", at: 101 },
  ];
  expect(withHits(faults, asked, log).map(({ hits }) => hits)).toEqual([3, 0, null, null]);
});
