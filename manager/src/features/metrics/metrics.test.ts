import { readFileSync } from "node:fs";
import { createToken } from "@elastic-gas/shared/accounts/api-tokens";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import {
  ADMIN,
  checkRow,
  makePools,
  startTestManager,
  type TestManager,
} from "@elastic-gas/testing/manager/test-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

let staged: StagedCloud;
let manager: TestManager;
let token: string;

beforeAll(async () => {
  staged = await startStagedCloud();
  staged.stage.workers = [{ id: "i-0a", pool: "web", health: "healthy", ageSeconds: 600 }];
  staged.stage.metric = (metric) => (metric === "CPUUtilization" ? 48 : 90);
  manager = await startTestManager({ cloud: staged.cloud });
  const { db } = manager;
  await makePools(db);
  await db
    .insertInto("decisions")
    .values([
      checkRow(new Date()),
      checkRow(new Date(), { pool: "annotator", facts: JSON.stringify({ outcome: "no change", waiting: 3 }) }),
    ])
    .execute();
  const change = {
    pool: "web",
    actor: "anna",
    measured: null,
    forecast: null,
    reason: "",
    instanceIds: "[]",
    result: null,
    finishedAt: null,
    epoch: 1,
    cause: "manual",
  } as const;
  await db
    .insertInto("activities")
    .values([1, 2].map((desiredBefore) => ({ ...change, desiredBefore, desiredAfter: desiredBefore + 1 })))
    .execute();
  const { id } = await db
    .selectFrom("users")
    .select("id")
    .where("username", "=", ADMIN.username)
    .executeTakeFirstOrThrow();
  token = await createToken(db, {
    audience: "manager",
    userId: id,
    name: "prometheus",
    scope: "read",
    expiresAt: null,
  });
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
});

const ask = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${manager.url}${path}`, { headers });
const scrape = async () => (await ask("/metrics", { authorization: `Bearer ${token}` })).text();

describe("metrics", () => {
  it("are for the holders of a token, also on this machine", async () => {
    const refused = await ask("/metrics");
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect((await ask("/metrics", { authorization: "Bearer egm_unknown" })).status).toBe(401);
    const given = await ask("/metrics", { authorization: `Bearer ${token}` });
    expect([given.status, given.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/plain")]);
  });

  it("tell pools, decisions, the loop, workers and requests", async () => {
    const text = await scrape();
    const lines = text.split("\n");
    for (const line of [
      'elastic_gas_pool_desired{pool="annotator"} 2',
      'elastic_gas_pool_max{pool="web"} 8',
      'elastic_gas_pool_workers{pool="web",state="in service"} 1',
      'elastic_gas_pool_changes_total{pool="web",direction="grow"} 2',
      'elastic_gas_decision_measured{pool="web",unit="%"} 48',
      'elastic_gas_decision_outcome{pool="annotator",outcome="no change"} 1',
      'elastic_gas_queue_waiting_jobs{pool="annotator"} 3',
      "elastic_gas_autoscaler_up 1",
      "elastic_gas_cloud_up 1",
      'elastic_gas_worker_cpu_percent{pool="web",instance_id="i-0a"} 48',
      'elastic_gas_worker_work{pool="web",instance_id="i-0a"} 90',
    ]) {
      expect(lines).toContain(line);
    }
    // What is not known is left out.
    expect(text).not.toMatch(/elastic_gas_decision_timestamp_seconds\{pool="utility"\}/);
    expect(text).toMatch(/^http_request_duration_seconds_count\{part="manager",.*route="\/metrics"/m);
  });

  it("have every series that the Grafana dashboard asks for", async () => {
    const file = new URL("../../../../docs/grafana/elastic-gas.json", import.meta.url);
    const Dashboard = z.object({ panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })) });
    const { panels } = Dashboard.parse(JSON.parse(readFileSync(file, "utf8")));
    const exposed = new Set([...(await scrape()).matchAll(/^([a-z_]+)(?:\{| )/gm)].map(([, name]) => name));
    const asked = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\b(?:elastic_gas|http_request)_[a-z_]+/g) ?? []),
    );
    expect(panels.length).toBeGreaterThan(10);
    expect([...new Set(asked)].filter((name) => !exposed.has(name))).toEqual([]);
    // And the other way round: nothing of ours is exposed that nobody can see.
    const unseen = [...exposed].filter((name) => name?.startsWith("elastic_gas_") && !asked.includes(name));
    expect(unseen.toSorted()).toEqual([
      "elastic_gas_decision_timestamp_seconds",
      "elastic_gas_pool_min",
      "elastic_gas_pool_paused",
    ]);
  });
});

it("readiness asks the database, and nothing else", async () => {
  staged.stage.failure = "InternalFailure";
  const ready = await ask("/readyz");
  expect([ready.status, await ready.json()]).toEqual([200, { status: "ready" }]);
  staged.stage.failure = null;
});
