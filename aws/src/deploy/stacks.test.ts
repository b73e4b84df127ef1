import { expect, it } from "vitest";
import { describeChange, describeObstacle, isChangeable, outputsOf, resourceCounts } from "./stacks.ts";

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

it.each([
  ["CREATE_FAILED", /npm run destroy/],
  ["ROLLBACK_FAILED", /npm run destroy/],
  ["DELETE_FAILED", /npm run destroy/],
  ["UPDATE_ROLLBACK_FAILED", /continue-update-rollback --stack-name s,/],
  ["UPDATE_IN_PROGRESS", /when that has ended/],
  ["ROLLBACK_IN_PROGRESS", /when that has ended/],
])("says what to do about a stack that is %s", (status, sentence) => {
  expect(describeObstacle("s", status)).toMatch(sentence);
});

it.each([undefined, "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])(
  "deploys over a stack that is %s",
  (status) => {
    expect(describeObstacle("s", status)).toBeUndefined();
  },
);

it("takes the database's protection off by a change only where CloudFormation takes one", () => {
  const states = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"];
  const others = [
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "DELETE_FAILED",
    "UPDATE_ROLLBACK_FAILED",
    "REVIEW_IN_PROGRESS",
  ];
  expect([...states, ...others].filter(isChangeable)).toEqual(states);
});
