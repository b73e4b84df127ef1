import { ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { noteAllStopped } from "@elastic-gas/shared/pools/workers";
import { releaseIdOf } from "@elastic-gas/shared/releases/manifest";
import type { PoolName } from "@elastic-gas/shared/resources";
import { startTestHarness, type TestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { CURRENT_RELEASE } from "@elastic-gas/testing/releases";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runAutoscaler } from "./loop.ts";

/** One story, in order: every part takes the pool as the part before left it. */
describe("the autoscaler against the local cloud", { timeout: 270_000 }, () => {
  let harness: TestHarness;
  let stop: AbortController;
  let ended: Promise<"aborted" | "stopped">;

  const start = (startId: string): void => {
    stop = new AbortController();
    ended = runAutoscaler(harness.another(startId).context, { startId, signal: stop.signal });
  };
  beforeAll(async () => {
    harness = await startTestHarness({ TICK_SECONDS: "1", JOB_TIMEOUT_SECONDS: "30" });
    start("run-1");
  });
  afterAll(async () => {
    stop?.abort();
    await ended;
    await harness?.[Symbol.asyncDispose]();
  });

  const inService = async (pool: PoolName): Promise<readonly string[]> => {
    const rows = await harness.db
      .selectFrom("workers")
      .select("instanceId")
      .where("pool", "=", pool)
      .where("inServiceAt", "is not", null)
      .where("unhealthySince", "is", null)
      .where("draining", "=", false)
      .execute();
    return rows.map(({ instanceId }) => instanceId).sort();
  };
  const settled = (pool: PoolName, count: number): Promise<readonly string[]> =>
    waitUntil(`${count} ${pool} workers in service and no other`, async () => {
      const ids = await inService(pool);
      return ids.length === count && (await harness.instances(pool)).length === count && ids;
    });
  const activities = (pool: PoolName) =>
    harness.db.selectFrom("activities").selectAll().where("pool", "=", pool).orderBy("id").execute();
  const resizeByHand = (from: number, to: number): Promise<void> =>
    harness.db.transaction().execute(async (trx) => {
      await trx
        .insertInto("activities")
        .values({
          pool: "web",
          cause: "manual",
          actor: "anna",
          desiredBefore: from,
          desiredAfter: to,
          measured: null,
          forecast: null,
          reason: `anna resized web ${from} → ${to}.`,
          instanceIds: "[]",
          epoch: 1,
        })
        .execute();
      await trx.updateTable("pools").set({ desired: to }).where("name", "=", "web").execute();
    });
  const beat = async (instanceId: string, jobId: string | null): Promise<void> => {
    await harness.db
      .insertInto("workers")
      .values({ instanceId, pool: "annotator", jobId, at: new Date() })
      .onDuplicateKeyUpdate({ jobId, at: sql<Date>`utc_timestamp(3)` })
      .execute();
  };

  it("starts every pool at 1 or its minimum and brings the web worker into service", async () => {
    await settled("web", 1);
    await waitUntil("the other pools", async () => (await harness.living("annotator")).length === 2);
    await waitUntil("the other pools", async () => (await harness.living("utility")).length === 1);
    const started = (await activities("web"))[0];
    expect(started).toMatchObject({ cause: "start", desiredAfter: 1, reason: "web started with 1 worker." });
  });

  it("launches with our tags, detailed monitoring, end on shutdown, and spread as EC2 does", async () => {
    const { Reservations = [] } = await harness.context.cloud.ec2.send(new DescribeInstancesCommand({}));
    const web = Reservations.flatMap(({ Instances = [] }) => Instances).find(({ Tags = [] }) =>
      Tags.some(({ Value }) => Value === "web"),
    );
    const run = harness.calls.find(
      ({ operation, input }) => operation === "RunInstances" && input.ClientToken === web?.ClientToken,
    );
    expect(web?.Monitoring?.State).toBe("enabled");
    expect(run?.input).toMatchObject({ MinCount: 1, MaxCount: 1, InstanceInitiatedShutdownBehavior: "terminate" });
    const tags = Object.fromEntries(web?.Tags?.map(({ Key, Value }) => [Key, Value]) ?? []);
    expect(tags).toEqual({
      Name: "test-gas-web",
      "elastic-gas:prefix": "test",
      "elastic-gas:pool": "web",
      "elastic-gas:intent": web?.ClientToken,
      "elastic-gas:release": releaseIdOf(CURRENT_RELEASE),
    });
    const script = Buffer.from(String(run?.input.UserData), "base64").toString();
    expect(script).toMatch(
      /# web http:\S+releases\/1\.tar\.gz\S+X-Amz-Signature=\S+ http:\S+settings\/web-1\.env\S+ abc\n/,
    );
  });

  it("grows by hand and completes the row of whoever asked", async () => {
    await resizeByHand(1, 3);
    const ids = await settled("web", 3);
    const row = await waitUntil("the activity's end", async () =>
      (await activities("web")).find(({ actor, status }) => actor === "anna" && status === "successful"),
    );
    expect(row.result).toMatch(/^in service after \d+\u00a0s$/);
    expect(row.instanceIds).toHaveLength(2);
    for (const id of row.instanceIds) expect(ids).toContain(id);
  });

  it("shrinks by hand: the newest go, deregistered before they are terminated, and a protected one stays", async () => {
    const before = (await harness.living("web")).toSorted((a, b) => a.launchedAt - b.launchedAt);
    const oldest = before[0]?.id ?? "";
    const newest = before.at(-1)?.id ?? "";
    await harness.db
      .updateTable("workers")
      .set({ protectedFromShrinking: true })
      .where("instanceId", "=", newest)
      .execute();
    harness.calls.length = 0;
    await resizeByHand(3, 1);
    await waitUntil("the victim to be gone", async () => (await harness.instances("web")).length === 1);
    expect(await inService("web")).toEqual([newest]);
    const order = harness.calls.filter(
      ({ operation }) => operation === "DeregisterTargets" || operation === "TerminateInstances",
    );
    expect(order[0]?.operation).toBe("DeregisterTargets");
    expect(JSON.stringify(order)).toContain(oldest);
    expect(JSON.stringify(order)).not.toContain(newest);
    const row = await waitUntil("the activity's end", async () =>
      (await activities("web")).find(
        ({ desiredAfter, status, cause }) => cause === "manual" && desiredAfter === 1 && status === "successful",
      ),
    );
    expect(row.result).toMatch(/^drained in \d+\u00a0s$/);
  });

  it("names the protected worker that keeps the pool from shrinking", async () => {
    // As after any change by hand; on a slow machine the rule would else shrink the idle pool before this story does.
    const holdUntil = (manualUntil: Date | null) => harness.db.updateTable("pools").set({ manualUntil }).execute();
    await holdUntil(new Date(Date.now() + 600_000));
    await resizeByHand(1, 2);
    await settled("web", 2);
    // Also one that takes another's place meanwhile, as on a machine whose workers miss their health checks.
    const protectAll = () =>
      harness.db.updateTable("workers").set({ protectedFromShrinking: true }).where("pool", "=", "web").execute();
    await protectAll();
    await harness.setPool("web", { desired: 1 });
    const decision = await waitUntil("the sentence", async () => {
      await protectAll();
      const row = await harness.db
        .selectFrom("decisions")
        .selectAll()
        .where("pool", "=", "web")
        .orderBy("id", "desc")
        .executeTakeFirst();
      return row?.reason.includes("protected from shrinking") === true && row;
    });
    expect(decision.reason).toMatch(/The pool is still larger: i-\w+ and i-\w+ are protected from shrinking\.$/);
    await harness.db.updateTable("workers").set({ protectedFromShrinking: false }).execute();
    await settled("web", 1);
    await holdUntil(null);
  });

  it("replaces a worker that was lost, and says so", async () => {
    const [lost = ""] = await inService("web");
    await harness.context.cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost] }));
    const [next] = await waitUntil("another worker", async () => {
      const ids = await inService("web");
      return ids.length === 1 && ids[0] !== lost && ids;
    });
    const row = await waitUntil("the activity's end", async () =>
      (await activities("web")).find(
        ({ reason, status }) => reason === `${lost} was lost; replaced.` && status === "successful",
      ),
    );
    expect(row).toMatchObject({ cause: "replacement", instanceIds: [lost, next] });
    expect(row.result).toMatch(/^in service after/);
  });

  it("replaces a worker that EC2 takes back before it does, by adding another first", async () => {
    const [taken = ""] = await settled("web", 1);
    const interruption = { what: "spot", at: Date.now() + 120_000 };
    await harness.db
      .updateTable("workers")
      .set({ interruption: JSON.stringify(interruption) })
      .where("instanceId", "=", taken)
      .execute();
    await waitUntil("another worker", async () => {
      const ids = await inService("web");
      return ids.length === 1 && ids[0] !== taken;
    });
    const row = await harness.db
      .selectFrom("workers")
      .select(["victimReason", "endedFor", "drainingAt"])
      .where("instanceId", "=", taken)
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ victimReason: "replacement", endedFor: { kind: "interruption", ...interruption } });
    const next = await harness.db
      .selectFrom("workers")
      .select("inServiceAt")
      .where("pool", "=", "web")
      .where("draining", "=", false)
      .executeTakeFirstOrThrow();
    expect(next.inServiceAt?.getTime()).toBeLessThanOrEqual(row.drainingAt?.getTime() ?? 0);
    await settled("web", 1);
  });

  it("replaces a worker that is unhealthy for its grace period", async () => {
    const [failing = ""] = await settled("web", 1);
    const { Reservations = [] } = await harness.context.cloud.ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [failing] }),
    );
    await fetch(`http://${Reservations[0]?.Instances?.[0]?.PrivateIpAddress}:8000/fail`);
    await waitUntil("another worker", async () => {
      const ids = await inService("web");
      return ids.length === 1 && ids[0] !== failing;
    });
    const row = (await activities("web")).find(({ reason }) => reason.includes(`replaced ${failing}`));
    expect(row?.reason).toMatch(
      /^web replaced i-\w+: unhealthy for \d+\u00a0s \(Health checks failed with these codes: \[500\]\)\.$/,
    );
  });

  it("replaces a worker that an admin chose only after another one came into service", async () => {
    const [chosen = ""] = await settled("web", 1);
    await harness.db
      .updateTable("workers")
      .set({ victimReason: "replacement" })
      .where("instanceId", "=", chosen)
      .execute();
    let fewest = 1;
    await waitUntil("the exchange", async () => {
      const ids = await inService("web");
      fewest = Math.min(fewest, ids.length);
      return ids.length === 1 && ids[0] !== chosen && (await harness.instances("web")).length === 1;
    });
    expect(fewest).toBe(1);
    const row = await waitUntil("the activity's end", async () =>
      (await activities("web")).find(
        ({ reason, status }) => reason.startsWith(`web replaced ${chosen}: as asked for`) && status === "successful",
      ),
    );
    expect(row.result).toMatch(/drained in/);
  });

  it("acts on changed limits at once, also while paused", async () => {
    await harness.setPool("web", { min: 2, paused: true });
    await settled("web", 2);
    const row = (await activities("web")).findLast(({ cause }) => cause === "limits");
    expect(row?.reason).toBe("web grew 1 → 2: below the minimum of 2.");
    await harness.setPool("web", { min: 1, max: 1 });
    await settled("web", 1);
    await harness.setPool("web", { max: 8, paused: false });
  });

  it("grows the annotators on waiting messages and lets only an idle one go", async () => {
    const [busy = "", idle = ""] = (await harness.living("annotator")).map(({ id }) => id);
    const beats = new AbortController();
    const beating = (async () => {
      while (!beats.signal.aborted) {
        await beat(busy, "0c9e4d71-0000-4000-8000-000000000000");
        for (const { id } of await harness.living("annotator")) if (id !== busy) await beat(id, null);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    })();
    try {
      await waitUntil("both to be in service", async () => (await inService("annotator")).length === 2);
      await harness.setPool("annotator", { max: 3 });
      const queue = harness.context.resources.queues.jobRequests.name;
      const QueueUrl = `${harness.cloud.endpoint}/000000000000/${queue}`;
      for (let count = 0; count < 21; count += 1)
        await harness.context.cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" }));
      await waitUntil("a third annotator", async () => (await harness.living("annotator")).length === 3);
      const grown = (await activities("annotator")).findLast(({ cause }) => cause === "policy");
      expect(grown?.reason).toMatch(/^annotator grew 2 → 3: .*maximum 3\.$/);

      await harness.setPool("annotator", { paused: true, min: 1, desired: 1 });
      await waitUntil("only the busy one to be left", async () => (await harness.instances("annotator")).length === 1);
      expect((await harness.living("annotator"))[0]?.id).toBe(busy);
      expect(idle).not.toBe(busy);
    } finally {
      beats.abort();
      await beating;
    }
  });

  it("says in words when launches fail, and tries again", async () => {
    const { Fault } = await import("@elastic-gas/local-cloud/wire/handler");
    harness.intercept((invocation, next) => {
      if (invocation.operation === "RunInstances")
        throw new Fault("InsufficientInstanceCapacity", "no capacity in us-east-1a", 500);
      return next();
    });
    await harness.setPool("web", { desired: 2 });
    const row = await waitUntil("the failure", async () =>
      (await activities("web")).find(({ cause }) => cause === "launch"),
    );
    expect(row).toMatchObject({
      status: "failed",
      reason: "Launch failed once (InsufficientInstanceCapacity: no capacity in us-east-1a). Next try in 10\u00a0s.",
    });
    harness.intercept(null);
    // Ten seconds pass.
    await harness.db
      .updateTable("launchIntents")
      .set({ updatedAt: new Date(Date.now() - 11_000) })
      .where("state", "=", "failed")
      .execute();
    await settled("web", 2);
  });

  it("decides on the CPU that CloudWatch measured, writes every check down, and publishes the pool's size", async () => {
    const row = await waitUntil("a measured check", () =>
      harness.db
        .selectFrom("decisions")
        .selectAll()
        .where("pool", "=", "web")
        .where("measured", "is not", null)
        .orderBy("id", "desc")
        .executeTakeFirst(),
    );
    expect(row.measured).toBeGreaterThanOrEqual(0);
    expect(row.measured).toBeLessThanOrEqual(100);
    expect(row.facts).toMatchObject({ window: { to: expect.any(Number) }, growAbove: 70, shrinkBelow: 30 });
    const { Metrics = [] } = await harness.context.cloud.cloudwatch.send(
      new ListMetricsCommand({ Namespace: "ElasticGAS" }),
    );
    const names = Metrics.filter(({ Dimensions = [] }) => Dimensions[0]?.Value === "web").map(
      ({ MetricName }) => MetricName,
    );
    expect(names.toSorted()).toEqual(["Desired", "Draining", "InService", "Pending"]);
  });

  it("stops: drains and ends everybody, launches nobody, and then ends itself", async () => {
    harness.calls.length = 0;
    await harness.db.updateTable("pools").set({ stopping: true }).execute();
    expect(await ended).toBe("stopped");
    for (const pool of ["web", "annotator", "utility"] as const) expect(await harness.instances(pool)).toEqual([]);
    expect(harness.calls.filter(({ operation }) => operation === "RunInstances")).toEqual([]);
    expect((await activities("web")).findLast(({ cause }) => cause === "stop")).toMatchObject({ actor: "autoscaler" });
  });

  it("begins again at 1 when start.sh runs again, but not when only the process restarts", async () => {
    start("run-2");
    await settled("web", 1);
    await harness.setPool("web", { desired: 2 });
    stop.abort();
    expect(await ended).toBe("aborted");
    start("run-2");
    await settled("web", 2);
  });

  it("finds nobody lost after a stop of the whole system, which notes what it ended", async () => {
    stop.abort();
    expect(await ended).toBe("aborted");
    const last = Math.max(...(await activities("web")).map(({ id }) => id));
    await noteAllStopped(harness.db, new Date());
    const left = await Promise.all((["web", "annotator", "utility"] as const).map((pool) => harness.living(pool)));
    await harness.context.cloud.ec2.send(
      new TerminateInstancesCommand({ InstanceIds: left.flat().map(({ id }) => id) }),
    );
    start("run-3");
    await settled("web", 1);
    await waitUntil("an annotator", async () => (await harness.living("annotator")).length > 0);
    const since = await harness.db.selectFrom("activities").select("cause").where("id", ">", last).execute();
    const causes = since.map(({ cause }) => cause);
    expect(causes).toContain("start");
    expect(causes.filter((cause) => cause === "replacement" || cause === "launch")).toEqual([]);
  });
});

it("acts in its first pass", async () => {
  await using harness = await startTestHarness();
  const stop = new AbortController();
  const { promise: passed, resolve: onPass } = Promise.withResolvers<void>();
  const ended = runAutoscaler(harness.another("first").context, { startId: "run-1", signal: stop.signal, onPass });
  await passed;
  stop.abort();
  await ended;
  expect(await harness.living("annotator")).toHaveLength(2);
}, 180_000);
