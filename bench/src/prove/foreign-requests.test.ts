import { jobPages } from "@elastic-gas/user-app/annotations/job-pages";
import { listPages } from "@elastic-gas/user-app/annotations/list-pages";
import { resultPages } from "@elastic-gas/user-app/annotations/results/result-pages";
import { OPERATIONS } from "@elastic-gas/user-app/api/annotation-operations";
import type { Deps } from "@elastic-gas/user-app/web/deps";
import { expect, it } from "vitest";
import { foreignRequests, isLetIn } from "./foreign-requests.ts";

const ID = "0d9c1c2e-8f5b-4b4e-9d0e-2a5a1c1c1c1c";
const REQUESTS = foreignRequests(
  { id: ID, inputKey: `dev/1/${ID}~in.vcf`, resultKey: "dev/1/result", logKey: "dev/1/log" },
  { inputs: "inputs", results: "results" },
);
const asked = new Set(REQUESTS.map(({ method, path }) => `${method} ${path.replace(/\?.*/, "").replace(ID, "ID")}`));
// Routes are made without being called: none of the parts is used.
const NO_PARTS = {} as unknown as Deps;

/** `GET /annotations/ID`, and so on: every route of a router that is about one job or changes jobs. */
function routesOf({ stack }: ReturnType<typeof jobPages>): readonly string[] {
  return stack.flatMap(({ route }) =>
    (route?.stack ?? [])
      // A route for all other methods only refuses them.
      .filter(({ method }) => method !== undefined)
      .map(({ method }) => `${method.toUpperCase()} ${String(route?.path).replace(":jobId", "ID")}`),
  );
}

it("asks for every page of a job", () => {
  const routes = [jobPages, resultPages, listPages].flatMap((pages) => routesOf(pages(NO_PARTS)));
  const ofOneJob = routes.filter((route) => route !== "GET /annotations");
  expect(ofOneJob.length).toBeGreaterThan(12);
  const matches = (route: string) => {
    const pattern = new RegExp(`^${route.replace(":format", "[\\w.]+")}$`);
    return [...asked].some((each) => pattern.test(each));
  };
  expect(ofOneJob.filter((route) => !matches(route))).toEqual([]);
});

it("makes every call of the API about a job", () => {
  const calls = OPERATIONS.filter(({ path }) => path.includes("{id}"));
  expect(calls.length).toBeGreaterThan(4);
  const missing = calls
    .map(({ method, path }) => `${method.toUpperCase()} /api/v1${path.replace("{id}", "ID")}`)
    .filter((call) => !asked.has(call));
  expect(missing).toEqual([]);
});

it.each([
  ["/annotations/x", 403, false],
  ["/annotations/x", 404, false],
  ["/annotations/x", 200, true],
  ["/annotations/x/result", 302, true],
  ["/annotations/x/cancel", 303, true],
  ["/annotations/x/records", 409, true],
  ["/annotations/x", null, false],
  ["/annotations/delete", 303, false],
  ["/annotations/delete", 200, true],
])("%s answered by %s: let in is %s", (path, status, letIn) => {
  expect(isLetIn({ request: { by: "page", method: "GET", path }, status })).toBe(letIn);
});
