import { expect, test } from "vitest";
import { instanceProfileName, permissionsOf, ROLES, type Role } from "./permissions.ts";
import { resourcesOf } from "./resources.ts";

const resources = resourcesOf({ PREFIX: "dev" });
const place = { region: "us-east-1", accountId: "000000000000", instanceProfile: "gas" };
const permissions = permissionsOf(resources, place);

/** Which roles have an action on at least one resource. */
function holdersOf(action: string): readonly Role[] {
  return ROLES.filter((role) => permissions[role].some(({ actions }) => actions.includes(action)));
}

test.each<[string, readonly Role[]]>([
  ["ec2:RunInstances", ["autoscaler"]],
  ["ec2:TerminateInstances", ["autoscaler"]],
  ["iam:PassRole", ["autoscaler"]],
  ["elasticloadbalancing:RegisterTargets", ["autoscaler"]],
  ["sqs:PurgeQueue", ["manager"]],
  ["sqs:ReceiveMessage", ["annotator", "utility"]],
  ["glacier:DeleteArchive", ["manager", "utility"]],
  ["glacier:UploadArchive", ["utility"]],
  ["ses:SendEmail", ["manager", "utility"]],
  ["s3:RestoreObject", ["utility"]],
])("%s is for %j alone", (action, roles) => {
  expect(holdersOf(action)).toEqual(roles);
});

test.each(ROLES)("%s may set aside what it cannot handle, from every queue that it consumes", (role) => {
  const held = (action: string): readonly string[] =>
    permissions[role].filter(({ actions }) => actions.includes(action)).flatMap((statement) => statement.resources);
  const consumed = held("sqs:ReceiveMessage").filter((resource) => !resource.endsWith("-dlq"));
  for (const action of ["sqs:GetQueueUrl", "sqs:SendMessage"])
    expect(held(action)).toEqual(expect.arrayContaining(consumed.map((resource) => `${resource}-dlq`)));
});

test("no role has all actions of a service, or a right on what is not the installation's own", () => {
  // What a launch uses has no name of ours.
  const own =
    /(?:\bdev-|secret:dev-|vaults\/dev|(?:instance|volume|network-interface|subnet|security-group|launch-template|image|identity)\/\*|role\/gas-)/;
  for (const statement of Object.values(permissions).flat()) {
    for (const action of statement.actions) expect(action).toMatch(/^[a-z0-9]+:[A-Za-z]+$/);
    const isOnAnything = statement.resources.includes("*");
    // AWS knows no resources for these.
    if (isOnAnything)
      expect(statement.actions.every((action) => /:(?:Describe|Get|Put)Metric|:Describe/.test(action))).toBe(true);
    else for (const resource of statement.resources) expect(resource).toMatch(own);
  }
});

test("the manager's machine alone reads the secrets", () => {
  expect(holdersOf("secretsmanager:GetSecretValue")).toEqual(["manager"]);
});

test("instances without the installation's tag can be neither ended nor stopped nor read", () => {
  const touching = ["ec2:TerminateInstances", "ec2:StopInstances", "ec2:GetConsoleOutput"];
  const statements = Object.values(permissions)
    .flat()
    .filter(({ actions }) => actions.some((action) => touching.includes(action)));
  expect(statements).toHaveLength(2);
  for (const { whereEquals } of statements)
    expect(whereEquals).toEqual({ "aws:ResourceTag/elastic-gas:prefix": "dev" });
});

test("the roles that workers may be given are those of the pools", () => {
  const passed = permissions.autoscaler.find(({ actions }) => actions.includes("iam:PassRole"))?.resources;
  const profiles = (["web", "annotator", "utility"] as const).map((pool) => instanceProfileName("gas", pool));
  expect(passed).toEqual(profiles.map((name) => `arn:aws:iam::000000000000:role/${name}`));
});
