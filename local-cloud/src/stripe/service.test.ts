import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startTestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import Stripe from "stripe";
import { expect, onTestFinished, test } from "vitest";

const SECRET_KEY = "sk_test_local_cloud";
const WEBHOOK_SECRET = "whsec_local_cloud";
const PRICE = "price_premium_weekly";
const WEEK = 7 * 86_400;
const GOOD_CARD = "4242 4242 4242 4242";
const START = Date.UTC(2030, 0, 1) / 1_000;

interface Setup {
  readonly webhookUrl?: string;
  readonly dataDir?: string;
}

/** A cloud that plays Stripe, by a clock that the test moves, and the real client. */
async function startStripe({ webhookUrl, dataDir }: Setup = {}) {
  let now = new Date(START * 1_000);
  const cloud = await startTestCloud({
    now: () => now,
    ...(dataDir === undefined ? {} : { dataDir }),
    stripe: { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET, webhookUrl },
  });
  const { port } = cloud;
  const stripe = connect(port, SECRET_KEY);
  const checkout = (customer: string, idempotencyKey?: string) =>
    stripe.checkout.sessions.create(
      {
        mode: "subscription",
        customer,
        client_reference_id: "7",
        line_items: [{ price: PRICE, quantity: 1 }],
        success_url: "http://localhost:8080/subscribe/done?session_id={CHECKOUT_SESSION_ID}",
        cancel_url: "http://localhost:8080/subscribe?cancelled=1",
      },
      idempotencyKey === undefined ? {} : { idempotencyKey },
    );
  const post = (url: string | null, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(url ?? "", { method: "POST", body: new URLSearchParams(fields), headers, redirect: "manual" });
  return {
    stripe,
    port,
    checkout,
    post,
    pass(seconds: number) {
      now = new Date(now.getTime() + seconds * 1_000);
    },
    /** A customer with a paid subscription. */
    async subscribe() {
      const customer = await stripe.customers.create({ name: "ann", email: "ann@example.org" });
      const session = await checkout(customer.id);
      await post(session.url, { card_number: GOOD_CARD });
      const [subscription] = (await stripe.subscriptions.list({ customer: customer.id })).data;
      if (!subscription) throw new Error("The payment made no subscription");
      return { customer, session, subscription };
    },
    [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose](),
  };
}

function connect(port: number, key: string): Stripe {
  return new Stripe(key, { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries: 0, telemetry: false });
}

/** A receiver of webhooks that answers 500 the first times. */
async function startReceiver({ failures = 0 } = {}) {
  const received: Stripe.Event[] = [];
  let left = failures;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const signature = String(request.headers["stripe-signature"]);
    if (left > 0) {
      left -= 1;
      response.writeHead(500).end();
      return;
    }
    received.push(await Stripe.webhooks.constructEventAsync(body, signature, WEBHOOK_SECRET));
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}/stripe/webhook`,
    received,
    types: () => received.map(({ type }) => type).sort(),
  };
}

const refusal = (statusCode: number, details: object = {}) => expect.objectContaining({ statusCode, ...details });

test("a card that is accepted makes one subscription and leads back with the session's id", async () => {
  await using test = await startStripe();
  const { stripe, post } = test;
  const customer = await stripe.customers.create({ name: "ann", metadata: { user_id: "7" } });
  const session = await test.checkout(customer.id);
  expect(session).toMatchObject({ status: "open", payment_status: "unpaid", client_reference_id: "7" });
  expect(session.url).toBe(`http://127.0.0.1:${test.port}/_stripe/checkout/${session.id}`);
  const page = await (await fetch(session.url ?? "")).text();
  expect(page).toContain("$999.99 a week");
  expect(page).toContain('href="http://localhost:8080/subscribe?cancelled=1"');

  const paid = await post(session.url, { card_number: GOOD_CARD });
  expect([paid.status, paid.headers.get("location")]).toEqual([
    303,
    `http://localhost:8080/subscribe/done?session_id=${session.id}`,
  ]);
  expect((await post(session.url, { card_number: GOOD_CARD })).status).toBe(303); // a second click
  const { data } = await stripe.subscriptions.list({ customer: customer.id });
  expect(data).toHaveLength(1);
  expect(data[0]).toMatchObject({
    status: "active",
    customer: customer.id,
    items: { data: [{ price: { id: PRICE, unit_amount: 99_999 }, current_period_end: START + WEEK }] },
  });
  const done = await stripe.checkout.sessions.retrieve(session.id);
  expect(done).toMatchObject({
    status: "complete",
    payment_status: "paid",
    url: null,
    subscription: data[0]?.id,
    customer: customer.id,
  });
  const invoices = await stripe.invoices.list({ customer: customer.id });
  expect(invoices.data).toMatchObject([{ amount_paid: 99_999, status: "paid", billing_reason: "subscription_create" }]);
});

test.each([
  ["4000 0000 0000 0002", "Your card was declined."],
  ["4242 4242 4242 4241", "Your card number is invalid."],
  ["4000 0000 0000 9995", "insufficient funds"],
  ["4111 1111 1111 1111", "Only test cards"],
])("the card %s pays nothing: %s", async (card, message) => {
  await using test = await startStripe();
  const customer = await test.stripe.customers.create({});
  const session = await test.checkout(customer.id);
  const answer = await test.post(session.url, { card_number: card });
  expect(answer.status).toBe(402);
  expect(await answer.text()).toContain(message);
  expect((await test.stripe.subscriptions.list({ customer: customer.id, status: "all" })).data).toEqual([]);
  expect((await test.stripe.checkout.sessions.retrieve(session.id)).status).toBe("open");
});

test("pages of others can neither pay nor cancel", async () => {
  await using test = await startStripe();
  const { session } = await test.subscribe();
  const open = await test.checkout(String(session.customer));
  for (const origin of ["http://evil.example", "http://localhost:8080", "null"]) {
    expect((await test.post(open.url, { card_number: GOOD_CARD }, { origin })).status).toBe(403);
  }
  expect(
    (await test.post(open.url, { card_number: GOOD_CARD }, { origin: `http://127.0.0.1:${test.port}` })).status,
  ).toBe(303);
});

test("a payment page closes after a day or when told to", async () => {
  await using test = await startStripe();
  const { id } = await test.stripe.customers.create({});
  const [first, second] = [await test.checkout(id), await test.checkout(id)];
  expect((await test.stripe.checkout.sessions.list({ customer: id })).data.map((each) => each.id)).toEqual([
    second.id,
    first.id,
  ]);
  expect(await test.stripe.checkout.sessions.expire(first.id)).toMatchObject({ status: "expired", url: null });
  await expect(test.stripe.checkout.sessions.expire(first.id)).rejects.toEqual(refusal(400));
  test.pass(86_400);
  expect((await test.post(second.url, { card_number: GOOD_CARD })).status).toBe(410);
  expect((await test.stripe.checkout.sessions.retrieve(second.id)).status).toBe("expired");
});

test("a subscription renews each week until it is to end with its period", async () => {
  await using test = await startStripe();
  const { stripe, pass } = test;
  const { subscription, customer } = await test.subscribe();
  const end = async () => (await stripe.subscriptions.retrieve(subscription.id)).items.data[0]?.current_period_end;
  pass(2 * WEEK);
  expect(await end()).toBe(START + 3 * WEEK);
  expect((await stripe.invoices.list({ subscription: subscription.id })).data).toHaveLength(3);
  const changed = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true });
  expect(changed).toMatchObject({ cancel_at_period_end: true, cancel_at: START + 3 * WEEK, status: "active" });
  await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false });
  await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true, metadata: { why: "price" } });
  pass(WEEK);
  expect((await stripe.subscriptions.list({ customer: customer.id })).data).toEqual([]);
  expect((await stripe.subscriptions.list({ customer: customer.id, status: "all" })).data).toMatchObject([
    { status: "canceled", ended_at: START + 3 * WEEK, metadata: { why: "price" } },
  ]);
});

test("people move the clock of billing forward, which stays so over a restart", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "stripe-clock-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  let subscriptionId = "";
  {
    await using test = await startStripe({ dataDir });
    subscriptionId = (await test.subscribe()).subscription.id;
    const clock = `http://127.0.0.1:${test.port}/_stripe/clock`;
    for (const days of ["0", "-1", "367", "soon", ""]) expect((await test.post(clock, { days })).status).toBe(400);
    expect((await test.post(clock, { days: "7" }, { origin: "http://evil.example" })).status).toBe(403);
    expect((await test.post(clock, { days: "14" })).headers.get("location")).toBe("/_stripe");
    expect(await (await fetch(`http://127.0.0.1:${test.port}/_stripe`)).text()).toContain("The clock of billing says");
    expect((await test.stripe.invoices.list({ subscription: subscriptionId })).data).toHaveLength(3);
  }
  await using test = await startStripe({ dataDir });
  const { items } = await test.stripe.subscriptions.retrieve(subscriptionId);
  expect(items.data[0]?.current_period_end).toBe(START + 3 * WEEK);
});

test("a subscription can end at once, with the rest of the period as credit", async () => {
  await using test = await startStripe();
  const { subscription, customer } = await test.subscribe();
  test.pass(WEEK / 2);
  const ended = await test.stripe.subscriptions.cancel(subscription.id, { prorate: true, invoice_now: true });
  expect(ended).toMatchObject({ status: "canceled", ended_at: START + WEEK / 2 });
  expect(await test.stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -50_000 });
  await expect(test.stripe.subscriptions.cancel(subscription.id)).rejects.toEqual(
    refusal(404, { code: "resource_missing" }),
  );
});

test("the customer's page cancels, keeps and ends", async () => {
  await using test = await startStripe();
  const { subscription, customer } = await test.subscribe();
  const { url } = await test.stripe.billingPortal.sessions.create({
    customer: customer.id,
    return_url: "http://localhost:8080/profile",
  });
  expect(await (await fetch(url)).text()).toContain('href="http://localhost:8080/profile"');
  const press = async (action: string) => {
    expect((await test.post(url, { action, subscription: subscription.id })).status).toBe(303);
    const { status, cancel_at_period_end } = await test.stripe.subscriptions.retrieve(subscription.id);
    return { status, cancel_at_period_end };
  };
  expect(await press("cancel")).toEqual({ status: "active", cancel_at_period_end: true });
  expect(await press("keep")).toEqual({ status: "active", cancel_at_period_end: false });
  const other = await test.subscribe();
  await test.post(url, { action: "end", subscription: other.subscription.id });
  expect((await test.stripe.subscriptions.retrieve(other.subscription.id)).status).toBe("active");
  expect(await press("end")).toEqual({ status: "canceled", cancel_at_period_end: false });
});

test("the same idempotency key gives the same answer, and refuses another request", async () => {
  await using test = await startStripe();
  const { stripe } = test;
  const options = { idempotencyKey: "customer-7" };
  const first = await stripe.customers.create({ name: "ann" }, options);
  const again = await stripe.customers.create({ name: "ann" }, options);
  expect(again).toEqual(first);
  expect(again.lastResponse.headers["idempotent-replayed"]).toBe("true");
  await expect(stripe.customers.create({ name: "bob" }, options)).rejects.toEqual(
    refusal(400, { type: "StripeIdempotencyError" }),
  );
  const sessions = await Promise.all([1, 2, 3].map(() => test.checkout(first.id, "checkout-7")));
  expect(new Set(sessions.map(({ id }) => id)).size).toBe(1);
  expect((await stripe.customers.list()).data).toHaveLength(1);
});

test("wrong keys, ids and parameters are refused as Stripe does", async () => {
  await using test = await startStripe();
  await expect(connect(test.port, "sk_test_wrong").customers.list()).rejects.toEqual(
    refusal(401, { type: "StripeAuthenticationError" }),
  );
  await expect(test.checkout("cus_none")).rejects.toEqual(
    refusal(404, { code: "resource_missing", param: "customer", message: "No such customer: 'cus_none'" }),
  );
  await expect(test.stripe.customers.list({ limit: 101 })).rejects.toEqual(refusal(400, { param: "limit" }));
  await expect(test.stripe.customers.create({ coupon: "x" } as object)).rejects.toEqual(
    refusal(400, { code: "parameter_unknown", param: "coupon" }),
  );
  await expect(test.stripe.rawRequest("POST", "/v1/billing_portal/sessions", {})).rejects.toEqual(
    refusal(400, { code: "parameter_missing", param: "customer" }),
  );
});

test("customers are listed in pages, newest first", async () => {
  await using test = await startStripe();
  const { stripe } = test;
  const ann = await stripe.customers.create({ name: "ann" });
  const bob = await stripe.customers.create({ name: "bob" });
  const ids: string[] = [];
  for await (const each of stripe.customers.list({ limit: 1 })) ids.push(each.id);
  expect(ids).toEqual([bob.id, ann.id]);
});

test("every event reaches the webhook, signed, also after failures", async () => {
  const receiver = await startReceiver({ failures: 1 });
  await using test = await startStripe({ webhookUrl: receiver.url });
  const { subscription, customer } = await test.subscribe();
  await test.stripe.subscriptions.cancel(subscription.id);
  const expected = [
    "checkout.session.completed",
    "customer.created",
    "customer.subscription.created",
    "customer.subscription.deleted",
    "invoice.paid",
  ];
  await waitUntil("all events", () => receiver.received.length >= expected.length);
  expect(receiver.types()).toEqual(expected);
  const completed = receiver.received.find(({ type }) => type === "checkout.session.completed");
  expect(completed?.data.object).toMatchObject({ customer: customer.id, subscription: subscription.id });
  expect(JSON.stringify(completed)).not.toContain("_local");
  await waitUntil("delivered", async () =>
    (await test.stripe.events.list()).data.every((e) => e.pending_webhooks === 0),
  );
});

test("events that nobody received are sent after a restart", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "stripe-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const receiver = await startReceiver();
  let id = "";
  {
    await using test = await startStripe({ dataDir, webhookUrl: "http://127.0.0.1:9/nobody" });
    ({ id } = (await test.subscribe()).subscription);
  }
  await using test = await startStripe({ dataDir, webhookUrl: receiver.url });
  await waitUntil("all events", () => receiver.received.length >= 4);
  expect((await test.stripe.subscriptions.retrieve(id)).status).toBe("active");
});
