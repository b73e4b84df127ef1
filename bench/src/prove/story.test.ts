import { expect, it } from "vitest";
import { expectSame, takeSteps } from "./story.ts";

it("takes steps in turn, and none after one that failed", async () => {
  const said: string[] = [];
  const taken: string[] = [];
  const step = (what: string, failure?: string) => ({
    what,
    async take() {
      taken.push(what);
      if (failure !== undefined) throw new Error(failure);
      return `${what} seen`;
    },
  });
  const steps = await takeSteps(
    [step("a"), step("b", "no link\nlog of the browser"), step("c")],
    (line) => void said.push(line),
  );
  expect(taken).toEqual(["a", "b"]);
  expect(steps.map(({ seen, ok }) => [seen, ok])).toEqual([
    ["a seen", true],
    ["no link", false],
    ["not reached", false],
  ]);
  expect(said.map((line) => line.replace(/ \(.*/, ""))).toEqual(["1. a seen", "2. no link"]);
});

it("names what was found and what was expected", () => {
  expect(() => expectSame("status", 200, 200)).not.toThrow();
  expect(() => expectSame("status", 200, 413)).toThrow("status: 200 instead of 413");
});
