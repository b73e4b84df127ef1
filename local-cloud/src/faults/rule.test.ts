import fc from "fast-check";
import { expect, test } from "vitest";
import { CallFault, FaultRequest, isCallFault, type Rule, StateFault, strikingRules } from "./rule.ts";

function rule(fault: unknown): Rule<CallFault> {
  const parsed = CallFault.parse(fault);
  return { id: JSON.stringify(fault), fault: parsed, createdAt: new Date(0), expiresAt: new Date(1), strikes: 0 };
}

const SEND = { service: "sqs", operation: "SendMessage" };
const kinds = (rules: readonly Rule<CallFault>[], draw = 0) =>
  strikingRules(rules, SEND, () => draw).map(({ fault }) => fault.kind);

test("latency adds up, and the first other fault decides", () => {
  const rules = ["latency", "hang", "throttling"].map((kind) =>
    rule(kind === "throttling" ? { kind } : { kind, seconds: 1 }),
  );
  expect(kinds([...rules, rule({ kind: "latency", seconds: 2 })])).toEqual(["latency", "hang"]);
});

test.each([
  [{ service: "sqs" }, true],
  [{ service: "s3" }, false],
  [{ operation: "SendMessage" }, true],
  [{ service: "sqs", operation: "ReceiveMessage" }, false],
  [{}, true],
])("a rule for %j strikes SQS SendMessage: %s", (where, strikes) => {
  expect(kinds([rule({ kind: "throttling", ...where })]).length === 1).toBe(strikes);
});

test("the share of the calls that are struck is the percentage", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), (percent) => {
      const draws = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100);
      const struck = draws.filter((draw) => kinds([rule({ kind: "throttling", percent })], draw).length > 0);
      expect(struck).toHaveLength(percent);
    }),
  );
});

test.each([
  [{ kind: "nonsense" }],
  [{ kind: "throttling", percent: 0 }],
  [{ kind: "throttling", service: "dynamodb" }],
  [{ kind: "throttling", durationSeconds: 0 }],
  [{ kind: "throttling", extra: 1 }],
  [{ kind: "error" }],
  [{ kind: "latency" }],
  [{ kind: "hang-instance", instanceId: "x" }],
  [{ kind: "kill-instance" }],
  [{ kind: "no-cpu-credits", instanceId: "i-0123456789abcdef0", baselinePercent: 0 }],
  [{}],
])("%j is refused", (request) => {
  expect(FaultRequest.safeParse(request).success).toBe(false);
});

test("faults of calls and of state are told apart", () => {
  expect(isCallFault(CallFault.parse({ kind: "lost-response" }))).toBe(true);
  expect(isCallFault(StateFault.parse({ kind: "capacity", instances: 0 }))).toBe(false);
});
