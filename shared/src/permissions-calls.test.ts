import { join } from "node:path";
import { awsActionsOf } from "@elastic-gas/testing/permissions/aws-calls";
import { expect, test } from "vitest";
import { permissionsOf, ROLES, type Role } from "./permissions.ts";
import { resourcesOf } from "./resources.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What runs with each role: the programs of its machine or of its part. */
const ENTRIES: Readonly<Record<Role, readonly string[]>> = {
  // The start publishes the release and stops the machine with the manager's role.
  manager: ["manager/src/main.ts", "start/src/supervisor-main.ts"],
  autoscaler: ["autoscaler/src/main.ts"],
  web: ["user-app/src/main.ts"],
  annotator: ["annotator/src/main.ts"],
  utility: ["annotator/src/lifecycle/main.ts"],
};
/** What plays AWS on one machine, and what makes ready a local emulator of it. */
const NOT_ON_AWS = ["local-cloud", "start/src/emulator"];
const place = { region: "us-east-1", accountId: "000000000000", instanceProfile: "gas" };
const permissions = permissionsOf(resourcesOf({ PREFIX: "dev" }), place);

test.each(ROLES)("%s has the rights for the AWS calls that its code makes, and no others", (role) => {
  const called = awsActionsOf(ROOT, ENTRIES[role], NOT_ON_AWS);
  const allowed = new Set(permissions[role].flatMap(({ actions }) => actions));
  expect([...allowed].sort()).toEqual([...called].sort());
});
