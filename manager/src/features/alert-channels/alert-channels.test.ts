import { createHmac } from "node:crypto";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { createLogger } from "@elastic-gas/shared/logger";
import { serve } from "@elastic-gas/shared/web/serve";
import { createTestDatabase, type TestDatabase } from "@elastic-gas/testing/database";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import express from "express";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { Occurrence } from "../../model/decisions/occurrence.ts";
import type { Alert } from "../../model/fleet/alert.ts";
import {
  ChannelSettings,
  type ChannelTarget,
  changeChannel,
  createChannel,
  deleteChannel,
  listChannels,
} from "./channels.ts";
import { deliver, waitAfterAttempt } from "./deliver.ts";
import { noteAlerts } from "./notices.ts";

const NIGHT = Date.UTC(2026, 8, 7, 2, 0, 0);
const DAY = Date.UTC(2026, 8, 7, 14, 5, 0);

let database: TestDatabase;
let cloud: TestCloud;
let ses: SESv2Client;
let now: number;

beforeAll(async () => {
  [database, cloud] = await Promise.all([createTestDatabase(), startTestCloud()]);
  ses = new SESv2Client(cloud.clientConfig);
});
afterAll(async () => {
  ses.destroy();
  await cloud[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});
beforeEach(async () => {
  now = DAY;
  for (const { id } of await listChannels(database.db)) await deleteChannel(database.db, id);
});

interface Received {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A server that takes what is posted to it; `status` may be changed. */
async function receiver() {
  const app = express();
  const received: Received[] = [];
  const headers: Readonly<Record<string, string>> = {};
  const mine = { status: 200, headers, received, url: "", close: async () => {} };
  app.use(express.text({ type: "*/*" }), (req, res) => {
    received.push({ headers: req.headers, body: String(req.body) });
    if (mine.status === 302) return res.redirect(302, "http://127.0.0.1:9/elsewhere");
    return res
      .status(mine.status)
      .set(mine.headers)
      .send(mine.status === 200 ? "ok" : "no_service");
  });
  const listening = await serve(app, { host: "127.0.0.1", port: 0 });
  onTestFinished(() => listening.close(0));
  return Object.assign(mine, { url: `http://127.0.0.1:${listening.port}/hook`, close: () => listening.close(0) });
}

function add(target: ChannelTarget, settings: object = {}) {
  const given = { name: "ops", events: ["limit", "launch", "grow"], quietZone: "UTC", ...settings };
  return createChannel(database.db, target, { settings: ChannelSettings.parse(given), createdBy: "anna" });
}

const limit: Alert = {
  id: "limit-web",
  tone: "warn",
  pool: "web",
  start: "web:",
  text: "At the maximum of 8; the rule wants 10.",
  remedy: "Raise the maximum.",
  at: DAY,
  link: null,
};
const grown: Occurrence = {
  id: "a12",
  pool: "web",
  at: DAY,
  mark: "G",
  sentence: "web grew 2 → 3: mean CPU 78 % is above 70 %.",
  outcome: "",
  tone: "info",
};

const look = (alerts: readonly Alert[], latest: readonly Occurrence[] = []) =>
  noteAlerts(database.db, { alerts, latest }, now);
const send = (mayReach: (address: string) => boolean = () => true) =>
  deliver({
    db: database.db,
    log: createLogger("alerts", "fatal"),
    ses,
    mailFrom: "gas@example.org",
    sender: { prefix: "dev", timeZone: "UTC", managerUrl: "http://manager.example:5000" },
    mayReach,
    now: () => now,
  });
const states = async () =>
  await database.db
    .selectFrom("alertDeliveries")
    .select(["state", "phase", "attempts", "result"])
    .orderBy("id")
    .execute();
const pass = (milliseconds: number): void => {
  now += milliseconds;
};

describe("an alert", () => {
  it("is told once when it is raised and once when it is over, whoever looks and however often", async () => {
    const hook = await receiver();
    await add({ kind: "chat", target: hook.url });
    // Two managers at once, and again after a restart.
    await Promise.all([look([limit]), look([limit])]);
    await Promise.all([send(), send()]);
    pass(30_000);
    await look([limit]);
    await send();
    expect(hook.received.map(({ body }) => JSON.parse(body))).toEqual([
      {
        text: "**[dev] web: At the maximum of 8; the rule wants 10.**\nRaise the maximum.\n7\u00a0Sep\u00a02026, 14:05:00 UTC\nhttp://manager.example:5000/alerts",
      },
    ]);
    // Gone for a moment is not over.
    await look([]);
    pass(59_000);
    await look([limit]);
    pass(61_000);
    await Promise.all([look([]), look([])]);
    await send();
    await send();
    expect(hook.received).toHaveLength(2);
    expect(hook.received[1]?.body).toContain("Over: web: At the maximum of 8");
    pass(10_000);
    await look([limit]);
    await send();
    expect(hook.received).toHaveLength(3);
  });

  it("goes only to those who chose its kind; a change is told once, and not when it is history", async () => {
    const hook = await receiver();
    await add({ kind: "chat", target: hook.url }, { events: ["grow"] });
    now = Date.now() + 1_000;
    const change = { ...grown, at: now };
    await look([limit], [change, { ...change, id: "a11", at: now - 16 * 60_000 }]);
    await look([limit], [change]);
    await send();
    await send();
    expect(hook.received.map(({ body }) => JSON.parse(body).text.split("\n")[0])).toEqual([
      "**[dev] web grew 2 → 3: mean CPU 78 % is above 70 %.**",
    ]);
  });
});

describe("quiet hours", () => {
  it("hold an alert that lasts until they end, and drop one that ends within them", async () => {
    const hook = await receiver();
    await add({ kind: "chat", target: hook.url }, { quietFrom: "22:00", quietTo: "06:00" });
    now = NIGHT;
    const launch = { ...limit, id: "launch-web", text: "3 launches failed in a row." };
    await look([limit, launch]);
    await send();
    pass(61_000);
    await look([limit]);
    now = NIGHT + 4 * 3_600_000;
    await send();
    expect(hook.received.map(({ body }) => JSON.parse(body).text.split("\n")[0])).toEqual([
      "**[dev] web: At the maximum of 8; the rule wants 10.**",
    ]);
    expect(await states()).toHaveLength(1);
  });

  it("keep the end of what was told before them, also when it comes and goes again", async () => {
    const hook = await receiver();
    await add({ kind: "chat", target: hook.url }, { quietFrom: "22:00", quietTo: "06:00" });
    now = NIGHT - 5 * 3_600_000;
    await look([limit]);
    await send();
    now = NIGHT;
    for (const alerts of [[], [limit], []]) {
      await look(alerts);
      pass(61_000);
    }
    await look([]);
    now = NIGHT + 4 * 3_600_000;
    for (let time = 0; time < 3; time += 1) await send();
    expect(hook.received.map(({ body }) => JSON.parse(body).text.split("\n")[0])).toEqual([
      "**[dev] web: At the maximum of 8; the rule wants 10.**",
      "**[dev] Over: web: At the maximum of 8; the rule wants 10.**",
    ]);
  });

  it("that are taken away let go what they hold", async () => {
    const hook = await receiver();
    const { id } = await add({ kind: "chat", target: hook.url }, { quietFrom: "22:00", quietTo: "06:00" });
    now = NIGHT;
    await look([limit]);
    await send();
    expect(hook.received).toEqual([]);
    const settings = { name: "ops", events: ["limit"], quietZone: "UTC" };
    await changeChannel(database.db, id, {
      settings: ChannelSettings.parse({ ...settings, quietFrom: "01:00", quietTo: "03:00" }),
      now,
    });
    await send();
    expect(hook.received).toEqual([]);
    await changeChannel(database.db, id, { settings: ChannelSettings.parse(settings), now });
    await send();
    expect(hook.received).toHaveLength(1);
  });
});

describe("a webhook", () => {
  it("is signed with its secret over time and body", async () => {
    const hook = await receiver();
    const { secret } = await add({ kind: "webhook", target: hook.url });
    await look([limit]);
    await send();
    const [{ headers, body } = { headers: {}, body: "" }] = hook.received;
    const timestamp = String(headers["x-elastic-gas-timestamp"]);
    expect(Number(timestamp)).toBe(DAY / 1000);
    const expected = createHmac("sha256", String(secret)).update(`${timestamp}.${body}`).digest("hex");
    expect(headers["x-elastic-gas-signature"]).toBe(`sha256=${expected}`);
    expect(JSON.parse(body)).toMatchObject({
      event: "limit",
      phase: "raised",
      installation: "dev",
      at: "2026-09-07T14:05:00.000Z",
    });
  });

  it("is never sent to an address that is not public, nor after a redirect", async () => {
    const hook = await receiver();
    await add({ kind: "webhook", target: hook.url });
    await look([limit]);
    await send((address) => address !== "127.0.0.1");
    expect(hook.received).toEqual([]);
    expect(await states()).toMatchObject([{ state: "failed", result: "127.0.0.1 is not a public address" }]);
    hook.status = 302;
    await look([{ ...limit, id: "launch-web" }]);
    await send();
    expect(hook.received).toHaveLength(1);
    expect((await states())[1]).toMatchObject({
      state: "waiting",
      attempts: 1,
      result: expect.stringContaining("answered 302"),
    });
  });

  it("that is away is tried again later and later, in order, while others are served", async () => {
    const [away, well] = [await receiver(), await receiver()];
    away.status = 503;
    await add({ kind: "webhook", target: away.url });
    await add({ kind: "chat", target: well.url }, { name: "chat" });
    await look([limit]);
    await send();
    expect([away.received.length, well.received.length]).toEqual([1, 1]);
    await look([limit, { ...limit, id: "launch-web", text: "second." }]);
    await send();
    expect([away.received.length, well.received.length]).toEqual([1, 2]);
    pass(9_999);
    await send();
    expect(away.received).toHaveLength(1);
    away.status = 200;
    pass(1);
    await send();
    await send();
    const titles = away.received.map(({ body }) => JSON.parse(body).title);
    expect(titles).toEqual([`web: ${limit.text}`, `web: ${limit.text}`, "web: second."]);
  });

  it("that is asked too often is left alone for as long as it says", async () => {
    const hook = await receiver();
    Object.assign(hook, { status: 429, headers: { "retry-after": "120" } });
    await add({ kind: "chat", target: hook.url });
    await look([limit]);
    await send();
    expect(await states()).toMatchObject([{ state: "waiting", result: expect.stringContaining("answered 429") }]);
    pass(119_999);
    await send();
    expect(hook.received).toHaveLength(1);
    hook.status = 200;
    pass(1);
    await send();
    expect(hook.received).toHaveLength(2);
    expect([waitAfterAttempt(1, 86_400_000), waitAfterAttempt(3, 1_000)]).toEqual([3_600_000, 90_000]);
  });

  it("that stays away is given up in the end, and what was said last is kept", async () => {
    const hook = await receiver();
    hook.status = 404;
    await add({ kind: "webhook", target: hook.url });
    await look([limit]);
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await send();
      pass(3_600_000);
    }
    expect(hook.received).toHaveLength(9);
    expect(await states()).toMatchObject([
      { state: "failed", attempts: 9, result: expect.stringContaining("answered 404 “no_service”") },
    ]);
    expect([1, 2, 3, 8, 9].map((attempt) => waitAfterAttempt(attempt))).toEqual([
      10_000,
      30_000,
      90_000,
      3_600_000,
      null,
    ]);
  });
});

it("a mail says what happened, what to do, when, and where to look", async () => {
  await add({ kind: "mail", target: "ops@example.org" });
  await look([limit]);
  await send();
  const messages = await (await fetch(`${cloud.endpoint}/_mail/messages.json?to=ops@example.org`)).json();
  expect(messages).toMatchObject([
    {
      subject: "[dev] web: At the maximum of 8; the rule wants 10.",
      text: "web: At the maximum of 8; the rule wants 10.\n\nRaise the maximum.\n\nAll alerts:\nhttp://manager.example:5000/alerts\n\n7\u00a0Sep\u00a02026, 14:05:00 UTC\n",
    },
  ]);
  expect(await states()).toMatchObject([
    { state: "sent", result: "the mail service took the mail to ops@example.org" },
  ]);
});
