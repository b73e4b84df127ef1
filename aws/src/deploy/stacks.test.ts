import { expect, it } from "vitest";
import { describeChange, outputsOf, resourceCounts } from "./stacks.ts";

it("tells what a new stack has, by type", () => {
  const Resources = {
    a: { Type: "AWS::SQS::Queue" },
    b: { Type: "AWS::RDS::DBInstance" },
    c: { Type: "AWS::SQS::Queue" },
  };
  expect(resourceCounts({ name: "s", template: { Resources } })).toEqual([
    "1 AWS::RDS::DBInstance",
    "2 AWS::SQS::Queue",
  ]);
});

it.each([
  [{ Action: "Modify", Replacement: "True" }, "replace AWS::EC2::Instance Manager"],
  [{ Action: "Modify", Replacement: "False" }, "modify AWS::EC2::Instance Manager"],
  [{ Action: "Add" }, "add AWS::EC2::Instance Manager"],
] as const)("tells what a change does: %j", (change, line) => {
  const resource = { ResourceType: "AWS::EC2::Instance", LogicalResourceId: "Manager" };
  expect(describeChange({ ResourceChange: { ...resource, ...change } })).toBe(line);
});

it("reads a stack's outputs, and none of a stack that is not there", () => {
  expect(
    outputsOf({
      StackName: "s",
      StackStatus: "CREATE_COMPLETE",
      CreationTime: new Date(0),
      Outputs: [{ OutputKey: "UserApp", OutputValue: "https://a/" }],
    }),
  ).toEqual({ UserApp: "https://a/" });
  expect(outputsOf(undefined)).toEqual({});
});
