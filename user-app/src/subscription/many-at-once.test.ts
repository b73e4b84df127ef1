import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { startTestApp, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import Stripe from "stripe";
import { afterAll, beforeAll, expect, it } from "vitest";

const SECRET_KEY = "sk_test_many";
const WEBHOOK_SECRET = "whsec_many";
/** The pool has 8 connections; 8 customers who wait for Stripe at once would take them all. */
const STRIPE_DELAY_MS = 250;
let app: TestApp;
let slowStripe: ReturnType<typeof createServer>;

beforeAll(async () => {
  const cloud = await startTestCloud({ stripe: { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET } });
  const forward = async (req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    await sleep(STRIPE_DELAY_MS);
    const headers = Object.entries(req.headers).filter(
      ([name]) => !["host", "connection", "content-length"].includes(name),
    );
    const answer = await fetch(new URL(req.url ?? "/", cloud.endpoint), {
      method: req.method ?? "GET",
      headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    res.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "application/json" });
    res.end(Buffer.from(await answer.arrayBuffer()));
  };
  // A test that failed leaves requests behind when the cloud has gone.
  slowStripe = createServer((req, res) => void forward(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => slowStripe.listen(0, "127.0.0.1", resolve));
  app = await startTestApp(cloud, {
    STRIPE_SECRET_KEY: SECRET_KEY,
    STRIPE_PRICE_ID: "price_premium_weekly",
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: `http://127.0.0.1:${(slowStripe.address() as AddressInfo).port}`,
  });
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  slowStripe?.closeAllConnections();
  await new Promise((resolve) => slowStripe?.close(resolve));
});

it("sends 40 people who press Subscribe at once to the payment page while Stripe is slow", async () => {
  const browsers = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      await app.makeUser(`many-${n}`);
      const browser = await app.signedIn(`many-${n}`);
      await browser.get("/subscribe");
      return browser;
    }),
  );
  const answers = await Promise.all(browsers.map((browser) => browser.submit("/subscribe")));
  expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(303));
  expect(new Set(answers.map(({ location }) => location)).size).toBe(40);
  // The worker still serves pages that need the database.
  expect((await browsers[0]?.get("/profile"))?.status).toBe(200);
}, 120_000);

it("gives ten clicks of one person one payment page", async () => {
  await app.makeUser("impatient");
  const browser = await app.signedIn("impatient");
  await browser.get("/subscribe");
  const answers = await Promise.all(Array.from({ length: 10 }, () => browser.submit("/subscribe")));
  expect(new Set(answers.map(({ status, location }) => `${status} ${location}`)).size).toBe(1);
});

it("takes 12 webhooks in one instant", async () => {
  const rows = await app.db
    .selectFrom("users")
    .select("stripeCustomerId")
    .where("stripeCustomerId", "is not", null)
    .execute();
  const customers = [...rows.slice(0, 6), ...Array(6).fill(rows[0])].map(({ stripeCustomerId }) => stripeCustomerId);
  expect(customers).toHaveLength(12);
  const send = async (customer: string, n: number) => {
    const event = {
      object: "event",
      id: `evt_${n}`,
      type: "customer.subscription.updated",
      data: { object: { customer } },
    };
    return sendEvent(event);
  };
  expect(await Promise.all(customers.map(send))).toEqual(Array(12).fill(200));
});

it("lets 100 copies of one event, in one instant, have one effect", async () => {
  const userId = await app.makeUser("copied");
  const browser = await app.signedIn("copied");
  await browser.get("/subscribe");
  const { location } = await browser.submit("/subscribe");
  await fetch(location ?? "", {
    method: "POST",
    body: new URLSearchParams({ card_number: "4242 4242 4242 4242" }),
    redirect: "manual",
  });
  const user = () =>
    app.db.selectFrom("users").select(["role", "stripeCustomerId"]).where("id", "=", userId).executeTakeFirstOrThrow();
  const { role, stripeCustomerId: customer } = await user();
  // Nothing but the event tells of the payment here.
  expect(role).toBe("free_user");

  const event = { object: "event", id: "evt_1", type: "checkout.session.completed", data: { object: { customer } } };
  const answers = await Promise.all(Array.from({ length: 100 }, () => sendEvent(event)));
  expect(answers).toEqual(Array(100).fill(200));
  expect((await user()).role).toBe("premium_user");
  const messages = await app.db.selectFrom("outbox").select("body").where("queue", "=", "restore").execute();
  expect(messages.filter(({ body }) => JSON.parse(body).userId === userId)).toHaveLength(1);
  const subscriptions = await app.db.selectFrom("subscriptions").selectAll().where("userId", "=", userId).execute();
  expect(subscriptions).toHaveLength(1);
});

it.each([
  {},
  { data: null },
  { data: {} },
  { data: { object: "cus_x" } },
  { data: { object: { customer: "cus_\ud800" } } },
])("takes a signed event of the shape %j without a failure", async (rest) => {
  expect(await sendEvent({ object: "event", id: "evt_odd", type: "x", ...rest })).toBe(200);
});

it("says that there is no such payment when Stripe does not know it", async () => {
  await app.makeUser("lost");
  const browser = await app.signedIn("lost");
  expect((await browser.get("/subscribe/done?session_id=cs_test_unknown")).status).toBe(404);
});

async function sendEvent(event: object): Promise<number> {
  const payload = JSON.stringify(event);
  const signature = new Stripe("sk_test_x").webhooks.generateTestHeaderString({ payload, secret: WEBHOOK_SECRET });
  const answer = await fetch(`${app.origin}/stripe/webhook`, {
    method: "POST",
    body: payload,
    headers: { "stripe-signature": signature, "content-type": "application/json" },
  });
  return answer.status;
}
