import { type StagedCloud, startStagedCloud } from "@elastic-gas/testing/manager/staged-cloud";
import { makePools, startTestManager, TestBrowser, type TestManager } from "@elastic-gas/testing/manager/test-manager";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChartSnapshot } from "../../model/charts/chart-snapshot.ts";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { followLive, type LiveFeed, type LiveSocket } from "./follow-live.ts";
import { LIVE_NAMESPACE } from "./live-events.ts";

/** How an event of the namespace begins on the wire. */
const LIVE_PACKET = `2${LIVE_NAMESPACE},`;

let staged: StagedCloud;
let manager: TestManager;
let browser: TestBrowser;

beforeAll(async () => {
  staged = await startStagedCloud();
  manager = await startTestManager({ cloud: staged.cloud });
  await makePools(manager.db);
  browser = new TestBrowser(manager.url);
  await browser.signIn();
});
afterAll(async () => {
  await manager[Symbol.asyncDispose]();
  await staged[Symbol.asyncDispose]();
});

const settle = () => manager.manager.watcher.fleet({ fresh: true });

describe("what the pages show", () => {
  it("is what EC2 and the load balancer say, also after a restart of the manager", async () => {
    staged.stage.workers = [
      { id: "i-0aaa", pool: "web", health: "healthy", ageSeconds: 600 },
      { id: "i-0bbb", pool: "web", health: "initial", ageSeconds: 60 },
      { id: "i-0ccc", pool: "web", state: "pending", ageSeconds: 5 },
      { id: "i-0ddd", pool: "web", state: "terminated", ageSeconds: 900 },
    ];
    const fleet = await settle();
    expect(fleet.workers.map(({ id, state }) => [id, state])).toEqual([
      ["i-0aaa", "in service"],
      ["i-0bbb", "warming"],
      ["i-0ccc", "pending"],
      ["i-0ddd", "terminated"],
    ]);
    expect(fleet.pools[0]?.counts).toEqual({ inService: 1, warming: 1, pending: 1, draining: 0, unhealthy: 0 });
    expect(fleet.balancer?.url).toBe("http://dev-gas-1846302197.us-east-1.elb.amazonaws.com:8080/");
    const html = await (await browser.get("/")).text();
    expect(html).toContain('href="http://dev-gas-1846302197.us-east-1.elb.amazonaws.com:8080/"');
  });

  it("has one point a minute for CPU and requests of each worker, and nothing where CloudWatch has nothing", async () => {
    staged.stage.metric = (metric, id, at) => {
      if (id !== "i-0aaa" || at % 120_000 === 0) return undefined;
      return metric === "CPUUtilization" ? 50 : 40;
    };
    const charts = await manager.manager.watcher.charts("web", "30m", 0);
    const worker = charts.workers.find(({ id }) => id === "i-0aaa");
    expect(worker?.cpu.values).toHaveLength(30);
    expect(worker?.cpu.stepMs).toBe(60_000);
    expect(new Set(worker?.cpu.values)).toEqual(new Set([50, null]));
    expect(new Set(worker?.work?.values)).toEqual(new Set([40, null]));
    expect(charts.workers.find(({ id }) => id === "i-0bbb")?.cpu.values.every((value) => value === null)).toBe(true);
  });

  it("has CSV files with three digits after the point at most", async () => {
    const { metric } = staged.stage;
    staged.stage.metric = (name) => (name === "CPUUtilization" ? 12.345678 : undefined);
    await settle();
    const csv = await (await browser.get("/charts/web/cpu.csv?range=3h")).text();
    staged.stage.metric = metric;
    expect(csv).toMatch(/Z,12\.346\r\n/);
    expect(csv).not.toMatch(/\.\d{4,}\r\n/);
  });

  it.each([
    ["/charts/web/cpu.csv?range=1y", "range: “1y” is not known here. Known: 30m, 3h, 24h, 7d."],
    ["/workers/i-0aaa/values.csv?range=1y", "range: “1y” is not known here."],
    ["/report.html?range=1y", "range: “1y” is not known here."],
    ["/decisions.csv?kind=zzz", "kind: “zzz” is not known here. Known: all, grow,"],
    ["/decisions.csv?outcome=grow", "The parameter “outcome” is not known here. Known: pool, range, kind,"],
    ["/audit.csv?filtre=ann", "The parameter “filtre” is not known here. Known: filter."],
  ])("refuses %s, whose file would not be what was asked for", async (address, sentence) => {
    await settle();
    const response = await browser.get(address);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(sentence);
  });

  it("has charts that end with the workers of now, however young the charts before are", async () => {
    const { watcher } = manager.manager;
    const minute = 60_000;
    await settle();
    const before = await watcher.charts("web", "30m", minute);
    expect(await watcher.charts("web", "30m", minute)).toBe(before);
    const { workers } = staged.stage;
    staged.stage.workers = [...workers, { id: "i-0fff", pool: "web", health: "initial", ageSeconds: 40 }];
    await settle();
    const after = await watcher.charts("web", "30m", minute);
    const warming = before.steps.at(-1)?.counts?.warming ?? 0;
    expect(after.steps.at(-1)?.counts?.warming).toBe(warming + 1);
    expect(await watcher.charts("web", "30m", minute)).toBe(after);
    staged.stage.workers = workers;
    await settle();
  });

  it("keeps the last good state when AWS fails, and says since when", async () => {
    const before = await settle();
    staged.stage.failure = "throttled";
    const fleet = await settle();
    staged.stage.failure = null;
    expect(fleet.workers.map(({ id }) => id)).toEqual(before.workers.map(({ id }) => id));
    expect(fleet.cloud).toMatchObject({
      seenAt: before.cloud.seenAt,
      failure: expect.stringContaining("did not answer"),
    });
    expect(fleet.alerts[0]).toMatchObject({ id: "cloud", tone: "bad" });
    expect((await settle()).cloud.failure).toBeNull();
  });
});

describe("live pages", () => {
  const connect = (): { readonly socket: LiveSocket; readonly feed: LiveFeed } => {
    const socket: LiveSocket = io(manager.url + LIVE_NAMESPACE, {
      extraHeaders: { cookie: browser.cookie },
      transports: ["websocket"],
      forceNew: true,
    });
    return { socket, feed: followLive(socket) };
  };
  const calls = () => staged.stage.calls.get("DescribeInstances") ?? 0;

  it("are served by one poll, however many look, and by none when nobody does", async () => {
    const pages = Array.from({ length: 8 }, connect);
    const seen = new Map<LiveFeed, number>();
    let wanted = Number.POSITIVE_INFINITY;
    const reached = Promise.withResolvers<number>();
    for (const { feed } of pages) {
      feed.onFleet(() => {
        seen.set(feed, (seen.get(feed) ?? 0) + 1);
        if (Math.min(...seen.values()) >= wanted) reached.resolve(calls());
      });
    }
    await waitUntil("all are connected", () => seen.size === 8);
    const before = calls();
    wanted = Math.min(...seen.values()) + 2;
    // Two rounds for all eight; one more may be under way.
    expect((await reached.promise) - before).toBeLessThanOrEqual(3);
    for (const { socket } of pages) socket.disconnect();
    await waitUntil("all are gone", () => manager.manager.live.countViewers() === 0);
    const idle = calls();
    await waitUntil(
      "the rhythm of polls has passed",
      (() => {
        const end = Date.now() + 2_600;
        return () => Date.now() > end;
      })(),
    );
    expect(calls() - idle).toBeLessThanOrEqual(1);
  });

  it("get the charts that they watch, and a new state within the rhythm", async () => {
    const { socket, feed } = connect();
    let fleet: FleetSnapshot | undefined;
    let charts: ChartSnapshot | undefined;
    feed.onFleet((snapshot) => {
      fleet = snapshot;
    });
    feed.onCharts((snapshot) => {
      charts = snapshot;
    });
    feed.watch({ pool: "web", range: "3h" });
    await waitUntil("charts came", () => charts?.span.range === "3h");
    staged.stage.workers = [...staged.stage.workers, { id: "i-0eee", pool: "web", state: "pending", ageSeconds: 1 }];
    await waitUntil("the new worker is shown", () => fleet?.workers.some(({ id }) => id === "i-0eee"));
    socket.disconnect();
  });

  it("show what the server has after every change of it, and get it whole once and when they missed one", async () => {
    const { socket, feed } = connect();
    let fleet: FleetSnapshot | undefined;
    let [wholes, changes, missed] = [0, 0, 0];
    feed.onFleet((snapshot) => {
      fleet = snapshot;
    });
    socket.on("fleet", () => {
      wholes += 1;
    });
    socket.on("fleetChange", () => {
      changes += 1;
    });
    const shows = async (what: string, ids: readonly string[]): Promise<void> => {
      staged.stage.workers = ids.map((id) => ({ id, pool: "web", health: "healthy", ageSeconds: 600 }));
      await waitUntil(what, () => fleet?.workers.map(({ id }) => id).join() === ids.join());
    };
    await shows("the first worker", ["i-0a"]);
    const wholesBefore = wholes;
    await shows("another one before it", ["i-0b", "i-0a"]);
    await shows("the first one gone", ["i-0b"]);
    expect(wholes).toBe(wholesBefore);
    expect(changes).toBeGreaterThanOrEqual(2);

    // As if a message got lost: the next change is of a state that this page does not have.
    socket.io.engine.once("packet", function drop(packet: { data?: unknown }) {
      if (!String(packet.data).includes("fleetChange")) {
        socket.io.engine.once("packet", drop);
        return;
      }
      missed += 1;
      packet.data = `${LIVE_PACKET}["lost"]`;
    });
    await waitUntil("a change was lost", () => missed === 1);
    await shows("what came after it", ["i-0b", "i-0c"]);
    expect(wholes).toBe(wholesBefore + 1);
    socket.disconnect();
  });

  it("of an earlier program are told what makes them load themselves again", async () => {
    const visitor = new TestBrowser(manager.url);
    await visitor.signIn();
    const socket = io(`${manager.url}/live`, {
      extraHeaders: { cookie: visitor.cookie },
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    let refusal = "";
    socket.on("connect_error", (error) => (refusal = error.message));
    await waitUntil("refused", () => refusal !== "");
    expect(refusal).toBe("Sign in first.");
    socket.disconnect();
  });

  it("end with the session", async () => {
    const visitor = new TestBrowser(manager.url);
    await visitor.signIn();
    const socket = io(manager.url + LIVE_NAMESPACE, {
      extraHeaders: { cookie: visitor.cookie },
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    await waitUntil("connected", () => socket.connected);
    await visitor.post("/logout");
    await waitUntil("disconnected", () => !socket.connected);
  });
});
