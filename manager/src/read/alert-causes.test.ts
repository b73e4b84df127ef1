import { createLogger } from "@elastic-gas/shared/logger";
import { createOutboxSender, putMessage } from "@elastic-gas/shared/reliability/outbox";
import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { createTestQueues } from "@elastic-gas/testing/queues";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

let staged: StagedCloud;
let manager: TestManager;
let browser: TestBrowser;

beforeAll(async () => {
  staged = await startStagedCloud();
  // A metric period of a second, so that what CloudWatch says is asked for at once.
  manager = await startTestManager({
    cloud: staged.cloud,
    environment: { METRIC_PERIOD_SECONDS: "1", WAITING_ALERT_SECONDS: "1" },
  });
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
});

beforeEach(async () => {
  const { db } = manager;
  await db.deleteFrom("decisions").execute();
  await db.deleteFrom("activities").execute();
  await db.deleteFrom("launchIntents").execute();
  await db.deleteFrom("deadLetters").execute();
  await db.deleteFrom("workers").execute();
  await db.deleteFrom("outbox").execute();
  await db.updateTable("pools").set({ desired: 3 }).where("name", "=", "web").execute();
  await holdLease(30);
  await noteCheck({});
  staged.stage.failure = null;
  staged.stage.workers = ["a", "b", "c"].map((name) => ({
    id: `i-0${name}`,
    pool: "web",
    health: "healthy",
    ageSeconds: 600,
  }));
  staged.stage.metric = () => 40;
  for (const { id } of staged.stage.workers) await noteInService(id);
  await waitUntil("all is well", async () => (await alertIds()).length === 0);
});

const alerts = async () => (await manager.manager.watcher.fleet({ fresh: true })).alerts;
const alertIds = async () => (await alerts()).map(({ id }) => id);
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);

async function holdLease(seconds: number): Promise<void> {
  const lease = { holder: "host 1", epoch: 1, until: ago(-seconds) };
  await manager.db
    .insertInto("leases")
    .values({ name: "autoscaler", ...lease })
    .onDuplicateKeyUpdate(lease)
    .execute();
}

/** A check as the autoscaler writes it. */
async function noteCheck({
  at = new Date(),
  facts = {},
  reason = "No change.",
}: {
  readonly at?: Date;
  readonly facts?: object;
  readonly reason?: string;
}): Promise<void> {
  await manager.db.deleteFrom("decisions").execute();
  await manager.db
    .insertInto("decisions")
    .values({
      pool: "web",
      at,
      kind: "hold",
      desiredBefore: 3,
      desiredAfter: 3,
      inService: 3,
      pending: 0,
      warming: 0,
      draining: 0,
      measured: null,
      policyVersion: 1,
      reason,
      facts: JSON.stringify(facts),
    })
    .execute();
}

async function noteInService(instanceId: string, unhealthySince: Date | null = null): Promise<void> {
  await manager.db
    .insertInto("workers")
    .values({ instanceId, pool: "web", jobId: null, inServiceAt: ago(500), unhealthySince, at: null })
    .onDuplicateKeyUpdate({ unhealthySince })
    .execute();
}

async function noteLaunches(failures: number): Promise<void> {
  for (let index = 0; index < failures; index += 1) {
    await manager.db
      .insertInto("launchIntents")
      .values({
        id: `00000000-0000-4000-8000-00000000000${index}`,
        pool: "web",
        subnetId: null,
        state: "failed",
        instanceId: null,
        failure: "no capacity in us-east-1a",
        epoch: 1,
      })
      .execute();
  }
}

interface Cause {
  readonly what: string;
  readonly id: string;
  readonly cause: () => void | Promise<void>;
  readonly says: RegExp;
  readonly remedy: RegExp;
}

const CAUSES: readonly Cause[] = [
  {
    what: "the autoscaler made no check for three ticks although it holds the lease",
    id: "autoscaler",
    cause: () => noteCheck({ at: ago(200) }),
    says: /has not checked for 3.min[^.]*\. Pools keep their size/,
    remedy: /holds the lease but decides nothing/,
  },
  {
    what: "the autoscaler made no check and its lease ran out",
    id: "autoscaler",
    cause: async () => {
      await noteCheck({ at: ago(200) });
      await holdLease(-60);
    },
    says: /has not checked/,
    remedy: /No autoscaler holds the lease/,
  },
  {
    what: "nobody holds the lease",
    id: "lease",
    cause: () => holdLease(-20),
    says: /^No autoscaler acts: nobody holds the lease\./,
    remedy: /whether the part “autoscaler” runs/,
  },
  {
    what: "launches fail",
    id: "launch-web",
    cause: () => noteLaunches(2),
    says: /^web: 2 launches failed in a row\. no capacity in us-east-1a\.$/,
    remedy: /next try goes to another zone/,
  },
  {
    what: "launches fail again and again",
    id: "launch-web",
    cause: () => noteLaunches(3),
    says: /^web: launch failing, 3 launches failed in a row\./,
    remedy: /One worker at a time is tried/,
  },
  {
    what: "one worker of three is unhealthy",
    id: "unhealthy-web",
    cause: () => makeUnhealthy("i-0a"),
    says: /^web: 1 worker unhealthy\. i-0a: unhealthy for .* \(health check timed out\)\./,
    remedy: /replaced when it stays so/,
  },
  {
    what: "most workers are unhealthy",
    id: "mass-web",
    cause: () => makeUnhealthy("i-0a", "i-0b"),
    says: /^web: 2 of 3 workers unhealthy, so none is replaced\./,
    remedy: /Check what they share/,
  },
  {
    what: "a check had no data",
    id: "no-data-web",
    cause: () => noteCheck({ facts: { outcome: "no data" }, reason: "No data since 13:56." }),
    says: /^web: No data since 13:56\.$/,
    remedy: /whether CloudWatch answers/,
  },
  {
    what: "the rule wants more than the maximum",
    id: "limit-web",
    cause: () => noteCheck({ facts: { outcome: "at the limit", wanted: 10 }, reason: "At the maximum of 8." }),
    says: /^web: At the maximum of 8\.$/,
    remedy: /Raise the maximum/,
  },
  {
    what: "one worker publishes no CPU",
    id: "cpu-web",
    cause: () => {
      staged.stage.metric = (_metric, id) => (id === "i-0b" ? undefined : 40);
    },
    says: /^web: no CPU data from 1 worker \(i-0b\)/,
    remedy: /detailed monitoring/,
  },
  {
    what: "the machine has no CPU left",
    id: "host",
    cause: () => {
      staged.stage.metric = (_metric, id) => (id === "" ? 97 : 40);
    },
    says: /^Host saturated\. This machine's CPU has been at 97.% for .*\. Another worker adds no capacity/,
    remedy: /machine with more cores\. 3 workers share it now/,
  },
  {
    what: "a message could not be handled",
    id: "dead-jobRequests",
    cause: async () => {
      const outcome = "The job was set to failed.";
      const letter = { queue: "jobRequests", messageId: "m-1", body: "{}", outcome, resolvedAt: null } as const;
      await manager.db.insertInto("deadLetters").values(letter).execute();
    },
    says: /^1 message of queue jobRequests could not be handled\. The job was set to failed\.$/,
    remedy: /run again by its owner/,
  },
  {
    what: "a worker was replaced",
    id: "replaced",
    cause: async () => {
      await manager.db
        .insertInto("activities")
        .values({
          pool: "web",
          at: new Date(),
          cause: "replacement",
          actor: "autoscaler",
          desiredBefore: 3,
          desiredAfter: 3,
          measured: null,
          forecast: null,
          reason: "web replaced i-0z: its instance disappeared.",
          instanceIds: "[]",
          status: "successful",
          result: null,
          finishedAt: null,
          epoch: 1,
        })
        .execute();
    },
    says: /^A worker was replaced\. web replaced i-0z: its instance disappeared\.$/,
    remedy: /console output of the worker/,
  },
  {
    what: "AWS does not answer",
    id: "cloud",
    cause: () => {
      staged.stage.failure = "throttled";
    },
    says: /^AWS does not answer\./,
    remedy: /can be reached from this machine/,
  },
];

async function makeUnhealthy(...ids: readonly string[]): Promise<void> {
  staged.stage.workers = staged.stage.workers.map((worker) =>
    ids.includes(worker.id) ? { ...worker, health: "unhealthy", reason: "Target.Timeout" } : worker,
  );
  for (const id of ids) await noteInService(id, ago(40));
}

describe("an alert comes when", () => {
  it.each(CAUSES)("$what, and says what to do", async ({ id, cause, says, remedy }) => {
    await cause();
    const alert = await waitUntil("the alert is there", async () =>
      (await alerts()).find((each) => each.id.startsWith(id)),
    );
    expect(`${alert.start} ${alert.text}`).toMatch(says);
    expect(alert.remedy).toMatch(remedy);
    // One cause, one alert.
    expect(await alertIds()).toEqual([alert.id]);
    expect(await (await browser.get("/alerts")).text()).toContain(alert.id);
  });

  it("somebody pauses a pool, and goes when it is resumed", async () => {
    await browser.post("/pools/web/pause");
    expect(await alerts()).toMatchObject([{ id: "paused-web", remedy: expect.stringContaining("Resume it") }]);
    await browser.post("/pools/web/resume");
    expect(await alertIds()).toEqual([]);
  });

  it("SQS takes no message for a while, and goes when it does again", async () => {
    const { endpoint, ...credentials } = staged.cloud;
    using queues = await createTestQueues({ region: "us-east-1", endpoint, credentials, maxAttempts: 1 }, "dev");
    const log = createLogger("outbox", "silent");
    const outbox = createOutboxSender({ db: manager.db, ...queues, log, sweepSeconds: 60 });
    await putMessage(manager.db, "restore", { version: 1, userId: 7 });
    const setFaults = (init: RequestInit) => fetch(`${endpoint}/_faults`, init);
    const away = JSON.stringify({ kind: "internal-error", service: "sqs" });
    await setFaults({ method: "POST", headers: { "content-type": "application/json" }, body: away });
    await outbox.flush();
    const [alert] = await waitUntil("the alert is there", async () => {
      const found = await alerts();
      return found.length > 0 && found;
    });
    expect(alert).toMatchObject({ id: "waiting-messages", tone: "bad" });
    expect(`${alert?.start} ${alert?.text}`).toMatch(
      /^1 message not sent, the oldest for \d+.s\. SQS does not take them/,
    );
    expect(alert?.remedy).toMatch(/Check whether SQS answers/);
    await setFaults({ method: "DELETE" });
    expect(await queues.count("restore")).toBe(0);
    // What a sender had in hand it gives up after a while.
    await manager.db.updateTable("outbox").set({ claimedUntil: null }).execute();
    await outbox.flush();
    expect(await queues.count("restore")).toBe(1);
    await waitUntil("the alert is gone", async () => (await alertIds()).length === 0);
  });

  it("not when one period was saturated, nor when no worker runs", async () => {
    const from = Math.floor(Date.now() / 1000) * 1000;
    staged.stage.metric = (_metric, id, at) => (id === "" && at !== from ? 40 : 97);
    await waitUntil("the period is over", async () => {
      await alerts();
      return Date.now() > from + 3_000;
    });
    expect(await alertIds()).toEqual([]);
    staged.stage.metric = (_metric, id) => (id === "" ? 97 : 40);
    staged.stage.workers = [];
    await waitUntil(
      "CloudWatch was asked again",
      (() => {
        const before = staged.stage.calls.get("GetMetricData") ?? 0;
        return async () => {
          await alerts();
          return (staged.stage.calls.get("GetMetricData") ?? 0) > before + 2;
        };
      })(),
    );
    expect(await alertIds()).toEqual([]);
  });
});

describe("what alerts need of CloudWatch", () => {
  it("is one call in a metric period, however often somebody looks, and none more for the machine", async () => {
    await using slow = await startTestManager({ cloud: staged.cloud });
    await makePools(slow.db);
    const before = staged.stage.calls.get("GetMetricData") ?? 0;
    for (let look = 0; look < 5; look += 1) await slow.manager.watcher.fleet({ fresh: true });
    expect((staged.stage.calls.get("GetMetricData") ?? 0) - before).toBe(1);
  });
});
