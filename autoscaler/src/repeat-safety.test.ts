import { TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { Fault } from "@elastic-gas/local-cloud/wire/handler";
import { startTestHarness, type TestHarness } from "@elastic-gas/testing/autoscaler/test-harness";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Autoscaler } from "./loop.ts";
import { runAutoscaler } from "./loop.ts";

const FOREVER = new AbortController().signal;
/** Three waits, each as long as a machine with all cores busy may need. */
const STORY = { timeout: 270_000 };

describe("an autoscaler that dies at any line", STORY, () => {
  let harness: TestHarness;
  let generation = 0;
  beforeAll(async () => {
    harness = await startTestHarness();
    await prepare(harness, 1);
  });
  afterAll(() => harness?.[Symbol.asyncDispose]());
  afterEach(() => harness.intercept(null));

  /** A new process: nothing remembered, the lease of the dead one over. */
  const restart = async (): Promise<Autoscaler> => {
    await harness.db.updateTable("leases").set({ until: null }).execute();
    generation += 1;
    const { autoscaler } = harness.another(`generation-${generation}`);
    await autoscaler.renewLease();
    return autoscaler;
  };

  /** Passes until the pool has the size; the passes' own failures are part of the story. */
  const runTo = async (autoscaler: Autoscaler, size: number): Promise<void> => {
    await waitUntil(`a web pool of ${size}`, async () => {
      await autoscaler.renewLease();
      await autoscaler.pass(FOREVER);
      // Two minutes pass for launches whose fate nobody knows.
      await harness.db
        .updateTable("launchIntents")
        .set({ createdAt: new Date(Date.now() - 121_000) })
        .where("state", "=", "wanted")
        .execute();
      const rows = await harness.db
        .selectFrom("workers")
        .select("instanceId")
        .where("inServiceAt", "is not", null)
        .where("draining", "=", false)
        .where("pool", "=", "web")
        .execute();
      return rows.length === size && (await harness.instances("web")).length === size;
    });
  };

  /**
   * Lets the autoscaler die at the first call of that name, before it is carried out or after, and answers nothing from
   * then on.
   */
  const dieAt = (operation: string, when: "before" | "after"): void => {
    let dead = false;
    harness.intercept(async (invocation, next) => {
      const isTheOne = invocation.operation === operation && !dead;
      dead ||= isTheOne;
      if (!dead) return next();
      const answer = isTheOne && when === "after" ? await next() : undefined;
      invocation.hangUp();
      return answer ?? {};
    });
  };

  const points = [
    ["RunInstances", 2],
    ["RegisterTargets", 2],
    ["DeregisterTargets", 1],
    ["TerminateInstances", 1],
  ] as const;

  it.each(
    points.flatMap(([operation, size]) => [[operation, "before", size] as const, [operation, "after", size] as const]),
  )(
    "at %s, %s it was carried out: the next one ends at a pool of %i with no worker too many",
    async (operation, when, size) => {
      await harness.setPool("web", { desired: 3 - size });
      await runTo(await restart(), 3 - size);
      await harness.setPool("web", { desired: size });
      const dying = await restart();
      harness.calls.length = 0;
      dieAt(operation, when);
      await waitUntil(`death at ${operation}`, async () => {
        await dying.pass(FOREVER).catch(() => undefined);
        return harness.calls.some((call) => call.operation === operation);
      });
      harness.intercept(null);
      await runTo(await restart(), size);
      const tokens = new Set(
        harness.calls.filter((call) => call.operation === "RunInstances").map(({ input }) => input.ClientToken),
      );
      const launched = operation === "RunInstances" && when === "before" ? 2 : size === 2 ? 1 : 0;
      expect(tokens.size).toBe(launched);
    },
  );
});

describe("two autoscalers", STORY, () => {
  let harness: TestHarness;
  beforeAll(async () => {
    harness = await startTestHarness({ LEASE_SECONDS: "9" });
    await prepare(harness, 2);
  });
  afterAll(() => harness?.[Symbol.asyncDispose]());

  it("act as one, and the second takes over when the first falls silent", async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const one = harness.another("one");
    const two = harness.another("two");
    const running = [
      runAutoscaler(one.context, { startId: undefined, signal: first.signal }),
      runAutoscaler(two.context, { startId: undefined, signal: second.signal }),
    ];
    try {
      await waitUntil("two workers", async () => (await harness.living("web")).length === 2);
      await harness.setPool("web", { desired: 4 });
      const serving = async (): Promise<number> =>
        (await harness.db.selectFrom("workers").select("instanceId").where("inServiceAt", "is not", null).execute())
          .length;
      await waitUntil(
        "four workers",
        async () => (await serving()) === 4 && (await harness.living("web")).length === 4,
      );
      expect(harness.calls.filter(({ operation }) => operation === "RunInstances")).toHaveLength(4);

      const holder = await harness.db.selectFrom("leases").select("holder").executeTakeFirstOrThrow();
      const [acting, standby] = holder.holder === "one" ? [first, "two"] : [second, "one"];
      acting.abort();
      const lost = (await harness.living("web"))[0]?.id ?? "";
      await harness.context.cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost] }));
      await waitUntil("the loss to be made good", async () => {
        const ids = (await harness.living("web")).map(({ id }) => id);
        return ids.length === 4 && !ids.includes(lost);
      });
      expect((await harness.db.selectFrom("leases").select("holder").executeTakeFirstOrThrow()).holder).toBe(standby);
      expect(harness.calls.filter(({ operation }) => operation === "RunInstances")).toHaveLength(5);
    } finally {
      first.abort();
      second.abort();
      await Promise.all(running);
    }
  });

  it("make no AWS call without the lease", async () => {
    const idle = harness.another("idle");
    harness.calls.length = 0;
    await harness.setPool("web", { desired: 6 });
    expect(await idle.autoscaler.pass(FOREVER)).toBe(false);
    expect(harness.calls).toEqual([]);
  });

  it("leave no launch behind as pending that the end of the lease kept from being sent", async () => {
    const { context, autoscaler } = harness.another("late");
    const { db } = harness;
    await waitUntil("the lease", async () => {
      await autoscaler.renewLease();
      return context.lease.epoch !== null;
    });
    await harness.setPool("web", { desired: 8 });
    // The instances are listed before a launch: by then less of the lease is left than the call may take.
    let tooLate = false;
    harness.intercept(async ({ operation }, next) => {
      if (operation === "DescribeInstances" && !tooLate) {
        await waitUntil("most of the lease to be over", async () => context.lease.leftMs < 2_900);
        tooLate = true;
      }
      return next();
    });
    await expect(autoscaler.pass(FOREVER)).rejects.toThrow("Not the acting autoscaler");
    harness.intercept(null);
    expect(tooLate).toBe(true);
    expect(await db.selectFrom("launchIntents").selectAll().where("state", "=", "wanted").execute()).toEqual([]);
    await harness.setPool("web", { desired: 6 });
  });

  it("do not try a throttled call again when the lease is gone by then", async () => {
    const { context, autoscaler } = harness.another("losing");
    await waitUntil("the lease", async () => {
      await autoscaler.renewLease();
      return context.lease.epoch !== null;
    });
    harness.calls.length = 0;
    harness.intercept(async (invocation, next) => {
      if (invocation.operation !== "RunInstances") return next();
      await context.lease.release();
      throw new Fault("RequestLimitExceeded", "Request limit exceeded.", 503);
    });
    await expect(autoscaler.pass(FOREVER)).rejects.toThrow("epoch");
    expect(harness.calls.filter(({ operation }) => operation === "RunInstances")).toHaveLength(1);
    harness.intercept(null);
    // What was asked for may have been carried out: two minutes pass.
    await harness.db
      .updateTable("launchIntents")
      .set({ createdAt: new Date(Date.now() - 121_000) })
      .where("state", "=", "wanted")
      .execute();
  });

  it("survive throttling and a load balancer that does not answer: the other pools are reconciled meanwhile", async () => {
    const { autoscaler } = harness.another("throttled");
    await waitUntil("the lease", async () => {
      await autoscaler.renewLease();
      return (await harness.db.selectFrom("leases").select("holder").executeTakeFirst())?.holder === "throttled";
    });
    await harness.setPool("annotator", { desired: 1, min: 1 });
    await harness.db.deleteFrom("decisions").execute();
    let throttled = 0;
    harness.intercept((invocation, next) => {
      if (invocation.service === "elbv2") throw new Fault("ServiceUnavailable", "not now", 503);
      if (invocation.operation === "RunInstances" && throttled < 1) {
        throttled += 1;
        throw new Fault("RequestLimitExceeded", "Request limit exceeded.", 503);
      }
      return next();
    });
    // On a busy machine the SDK's retry may outlast the call's limit: then the next try comes after the back-off of 10
    // s.
    await waitUntil("an annotator", async () => {
      await autoscaler.renewLease();
      await autoscaler.pass(FOREVER);
      return (await harness.living("annotator")).length === 1;
    });
    // The SDK's own retry got over the throttled call: with the same token, so that nothing was launched twice.
    expect(throttled).toBe(1);
    const told = harness.db.selectFrom("decisions").selectAll().where("pool", "=", "web").orderBy("id", "desc");
    expect(await told.executeTakeFirst()).toMatchObject({
      kind: "hold",
      reason: expect.stringMatching(/^Not checked: the load balancer failed \(.*not now\)\.$/),
    });
    expect(await harness.living("web")).toHaveLength(4);
    harness.intercept(null);
    await waitUntil("the web pool", async () => {
      await autoscaler.renewLease();
      await autoscaler.pass(FOREVER);
      return (await harness.living("web")).length === 6;
    });
  });
});

describe("an EC2 whose answers do not agree with each other", STORY, () => {
  it("a young worker that an older answer leaves out is not launched again; one that EC2 calls terminated is", async () => {
    await using harness = await startTestHarness();
    await prepare(harness, 2);
    const { autoscaler } = harness.another("one");
    await autoscaler.renewLease();
    const pass = async (): Promise<number> => {
      await autoscaler.renewLease();
      await autoscaler.pass(FOREVER);
      return harness.calls.filter(({ operation }) => operation === "RunInstances").length;
    };
    await waitUntil("two workers in service", async () => {
      await pass();
      const rows = await harness.db.selectFrom("workers").select("inServiceAt").execute();
      return rows.length === 2 && rows.every(({ inServiceAt }) => inServiceAt !== null);
    });
    harness.intercept(async (invocation, next) =>
      invocation.operation === "DescribeInstances" ? { Reservations: [] } : next(),
    );
    expect([await pass(), await pass()]).toEqual([2, 2]);
    harness.intercept(null);
    expect(await pass()).toBe(2);
    expect(
      (await harness.db.selectFrom("workers").select("draining").execute()).map(({ draining }) => draining),
    ).toEqual([false, false]);

    const lost = (await harness.living("web"))[0]?.id ?? "";
    await harness.context.cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost] }));
    await waitUntil("its replacement", async () => (await pass()) === 3);
    expect(await harness.living("web")).toHaveLength(2);
  });
});

describe("a request that comes in the middle of a pass", STORY, () => {
  it("is not called done by that pass, which does not know it yet", async () => {
    await using harness = await startTestHarness();
    await prepare(harness, 0);
    await harness.setPool("web", { min: 0 });
    const { autoscaler } = harness.another("one");
    await autoscaler.renewLease();
    await autoscaler.pass(FOREVER);
    harness.intercept(async (invocation, next) => {
      if (invocation.operation === "DescribeInstances") {
        harness.intercept(null);
        await harness.setPool("web", { desired: 1 });
        const change = { pool: "web", cause: "manual", actor: "anna", desiredBefore: 0, desiredAfter: 1 } as const;
        await harness.db
          .insertInto("activities")
          .values({ ...change, reason: "anna resized web.", instanceIds: "[]", epoch: 1 })
          .execute();
      }
      return next();
    });
    await autoscaler.pass(FOREVER);
    const row = await harness.db
      .selectFrom("activities")
      .select("status")
      .where("actor", "=", "anna")
      .executeTakeFirst();
    expect(row?.status).toBe("in progress");
  });
});

describe("without CloudWatch and the queue", STORY, () => {
  it("a hanging CloudWatch holds the pools up side by side, not one after another", async () => {
    await using harness = await startTestHarness();
    await prepare(harness, 1);
    const { autoscaler } = harness.another("patient");
    await autoscaler.renewLease();
    await harness.db.deleteFrom("decisions").execute();
    const both = Promise.withResolvers<void>();
    let asking = 0;
    harness.intercept(async (invocation, next) => {
      if (invocation.operation !== "GetMetricData") return next();
      asking += 1;
      if (asking === 2) both.resolve();
      await both.promise;
      return next();
    });
    const passed = autoscaler.pass(FOREVER);
    await waitUntil("web and annotator to ask at once", () => asking === 2);
    await passed;
  });

  it("checks go on, say that data are missing, and change nothing", async () => {
    await using harness = await startTestHarness();
    await prepare(harness, 2);
    await harness.db.updateTable("leases").set({ until: null }).execute();
    const { autoscaler } = harness.another("blind");
    await autoscaler.renewLease();
    await harness.db.deleteFrom("decisions").execute();
    harness.intercept((invocation, next) => {
      if (invocation.service === "cloudwatch" || invocation.service === "sqs")
        throw new Fault("ServiceUnavailable", "not now", 503);
      return next();
    });
    await autoscaler.pass(FOREVER);
    const rows = await harness.db.selectFrom("decisions").selectAll().orderBy("pool").execute();
    expect(rows.map(({ pool, kind }) => [pool, kind])).toEqual([
      ["annotator", "hold"],
      ["utility", "hold"],
      ["web", "hold"],
    ]);
    const failed = " failed (ServiceUnavailable: not now).";
    expect(rows.map(({ reason }) => reason)).toEqual([
      `Not checked: SQS${failed}`,
      "Fixed at 0 workers. A lost worker is replaced.",
      expect.stringMatching(/^(Not checked: CloudWatch failed|Holding: \d workers? (warming|pending))/),
    ]);
    expect(rows[2]?.measured).toBeNull();
  });
});

/** Only the web pool has workers, so that a story's counts are its own. */
async function prepare(harness: TestHarness, web: number): Promise<void> {
  const { autoscaler } = harness.another("prepare");
  await autoscaler.renewLease();
  harness.intercept(() => {
    throw new Fault("ServiceUnavailable", "not yet", 503);
  });
  await autoscaler.pass(FOREVER).catch(() => undefined);
  harness.intercept(null);
  for (const pool of ["annotator", "utility"] as const) await harness.setPool(pool, { min: 0, desired: 0 });
  await harness.setPool("web", { desired: web });
  await harness.db.updateTable("leases").set({ until: null }).execute();
}
