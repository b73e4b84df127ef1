import { randomUUID } from "node:crypto";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { type Browser, startTestApp, TEST_PASSWORD, type TestApp } from "@elastic-gas/testing/user-app/test-app";
import Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SECRET_KEY = "sk_test_subscription";
const WEBHOOK_SECRET = "whsec_test";
let cloud: TestCloud;
let app: TestApp;
let stripe: Stripe;
beforeAll(async () => {
  // Without an address for webhooks: the tests send the events themselves, in the order that they are about.
  cloud = await startTestCloud({ stripe: { secretKey: SECRET_KEY, webhookSecret: WEBHOOK_SECRET } });
  stripe = new Stripe(SECRET_KEY, { host: "127.0.0.1", port: cloud.port, protocol: "http", telemetry: false });
  app = await startTestApp(cloud, payment());
});
afterAll(() => app?.[Symbol.asyncDispose]());

const payment = () => ({
  STRIPE_SECRET_KEY: SECRET_KEY,
  STRIPE_PRICE_ID: "price_premium_weekly",
  STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
  STRIPE_API_URL: cloud.endpoint,
});

/** What the reader does on Stripe's page: a card that is accepted. */
async function pay(page: string | null): Promise<{ session: string; id: string; customer: string }> {
  await fetch(page ?? "", {
    method: "POST",
    body: new URLSearchParams({ card_number: "4242 4242 4242 4242" }),
    redirect: "manual",
  });
  const session = sessionOf(page);
  const { customer } = await stripe.checkout.sessions.retrieve(session);
  if (typeof customer !== "string") throw new Error(`Session ${session} has no customer`);
  const [subscription] = (await stripe.subscriptions.list({ customer })).data;
  if (subscription === undefined) throw new Error(`Session ${session} took no payment`);
  return { session, id: subscription.id, customer };
}

const statusOf = async (subscription: string) => (await stripe.subscriptions.retrieve(subscription)).status;

async function reader(username: string): Promise<{ userId: number; browser: Browser }> {
  const userId = await app.makeUser(username);
  const browser = await app.signedIn(username);
  await browser.get("/subscribe");
  return { userId, browser };
}

const sessionOf = (location: string | null) => location?.split("/").pop() ?? "";

async function roleOf(userId: number): Promise<string> {
  return (await app.db.selectFrom("users").select("role").where("id", "=", userId).executeTakeFirstOrThrow()).role;
}

async function messagesTo(queue: string, userId: number): Promise<readonly string[]> {
  const rows = await app.db.selectFrom("outbox").select(["queue", "body"]).execute();
  return rows.filter((row) => row.queue === queue && row.body.includes(`"userId":${userId}`)).map((row) => row.body);
}

async function sendEvent(event: object, secret = WEBHOOK_SECRET): Promise<number> {
  const payload = JSON.stringify({ object: "event", ...event });
  const signature = new Stripe("sk_test_x").webhooks.generateTestHeaderString({ payload, secret });
  const answer = await fetch(`${app.origin}/stripe/webhook`, {
    method: "POST",
    body: payload,
    headers: { "stripe-signature": signature, "content-type": "application/json" },
  });
  return answer.status;
}

async function makeJob(userId: number, archiveState: "kept" | "archiving" | "archived"): Promise<string> {
  const id = randomUUID();
  await app.db
    .insertInto("jobs")
    .values({
      id,
      userId,
      inputName: "a.vcf",
      inputKey: "k",
      inputEtag: "e",
      inputSize: 1,
      status: "COMPLETED",
      archiveState,
      completedAt: new Date(Date.now() - 3_600_000),
    })
    .execute();
  return id;
}

describe("paying", () => {
  it("makes the reader Premium at once, keeps what was about to be archived and has the rest restored", async () => {
    const { userId, browser } = await reader("payer");
    expect((await browser.get("/unsubscribe")).text).toContain("there is nothing to cancel");
    const archiving = await makeJob(userId, "archiving");
    await makeJob(userId, "archived");
    const page = await browser.submit("/subscribe");
    const { session, customer } = await pay(page.location);
    const done = await browser.get(`/subscribe/done?session_id=${session}`);
    expect(done.text).toContain("You are Premium");
    expect(done.text).toContain(customer);
    expect((await browser.get("/profile")).text).toContain('href="/unsubscribe"');
    const nameless = await browser.get("/subscribe/done");
    expect(nameless.status).toBe(400);
    expect(nameless.text).toContain("does not say which payment");
    expect(await roleOf(userId)).toBe("premium_user");
    const job = await app.db.selectFrom("jobs").selectAll().where("id", "=", archiving).executeTakeFirstOrThrow();
    expect(job).toMatchObject({ archiveState: "kept", archiveGeneration: 1 });
    expect(await messagesTo("restore", userId)).toHaveLength(1);
  });

  it("is never charged twice: two clicks, an open payment page, a paid subscription", async () => {
    const { browser } = await reader("clicker");
    const [a, b] = await Promise.all([browser.submit("/subscribe"), browser.submit("/subscribe")]);
    expect(a.location).toBe(b.location);
    expect((await browser.submit("/subscribe")).location).toBe(a.location);
    const { customer } = await pay(a.location);
    expect((await browser.submit("/subscribe")).location).toBe("/profile");
    expect((await stripe.checkout.sessions.list({ customer })).data).toHaveLength(1);
    expect((await stripe.subscriptions.list({ customer, status: "all" })).data).toHaveLength(1);
    expect((await browser.get("/subscribe")).location).toBe("/profile");
  });

  it("changes nothing when it is given up", async () => {
    const { userId, browser } = await reader("quitter");
    const session = sessionOf((await browser.submit("/subscribe")).location);
    expect((await browser.get("/subscribe?cancelled=1")).text).toContain("Nothing was charged");
    expect((await browser.get(`/subscribe/done?session_id=${session}`)).text).toContain("did not go through");
    expect(await roleOf(userId)).toBe("free_user");
    expect(await messagesTo("restore", userId)).toEqual([]);
  });

  it("refuses to show another's payment", async () => {
    const { browser } = await reader("buyer");
    const { session } = await pay((await browser.submit("/subscribe")).location);
    const { userId, browser: other } = await reader("peeker");
    expect((await other.get(`/subscribe/done?session_id=${session}`)).status).toBe(403);
    expect(await roleOf(userId)).toBe("free_user");
  });

  it("has no card field in any of our pages", async () => {
    const { browser } = await reader("careful");
    for (const path of ["/subscribe", "/profile"])
      expect((await browser.get(path)).text).not.toMatch(/card.?number|\bcvc\b/i);
  });
});

describe("the webhook", () => {
  it("makes Premium without the reader coming back, once per event, and takes it back when Stripe ends it", async () => {
    const { userId, browser } = await reader("absent");
    const { session, id, customer } = await pay((await browser.submit("/subscribe")).location);
    const event = {
      id: "evt_absent_1",
      type: "checkout.session.completed",
      data: { object: { id: session, customer } },
    };
    expect([await sendEvent(event), await sendEvent(event)]).toEqual([200, 200]);
    expect(await roleOf(userId)).toBe("premium_user");
    expect(await messagesTo("restore", userId)).toHaveLength(1);
    const job = await makeJob(userId, "kept");
    await stripe.subscriptions.cancel(id);
    await sendEvent({ id: "evt_absent_2", type: "customer.subscription.deleted", data: { object: { id, customer } } });
    expect(await roleOf(userId)).toBe("free_user");
    expect((await messagesTo("archive", userId)).filter((body) => body.includes(job))).toHaveLength(1);
  });

  it("believes Stripe's present state, not an event that comes late", async () => {
    const { userId, browser } = await reader("late");
    const { id, customer } = await pay((await browser.submit("/subscribe")).location);
    await stripe.subscriptions.cancel(id);
    await sendEvent({
      id: "evt_late",
      type: "customer.subscription.created",
      data: { object: { id, customer, status: "active" } },
    });
    expect(await roleOf(userId)).toBe("free_user");
  });

  it("refuses what Stripe did not sign, and takes events of strangers", async () => {
    const event = { id: "evt_forged", type: "x", data: { object: { customer: "cus_x" } } };
    expect(await sendEvent(event, "whsec_other")).toBe(400);
    expect((await fetch(`${app.origin}/stripe/webhook`, { method: "POST", body: "{}" })).status).toBe(400);
    expect(await sendEvent({ ...event, id: "evt_stranger" })).toBe(200);
  });
});

describe("cancelling", () => {
  it("ends the subscription, makes the reader Free and schedules archiving", async () => {
    const { userId, browser } = await reader("leaver");
    const { session, id } = await pay((await browser.submit("/subscribe")).location);
    await browser.get(`/subscribe/done?session_id=${session}`);
    const job = await makeJob(userId, "kept");
    await browser.get("/unsubscribe");
    expect((await browser.submit("/unsubscribe")).location).toBe("/profile");
    expect(await statusOf(id)).toBe("canceled");
    expect((await browser.get("/profile")).text).toContain("<strong>Free</strong>");
    expect((await messagesTo("archive", userId)).some((body) => body.includes(job))).toBe(true);
  });

  it("goes before an account is deleted", async () => {
    const { browser } = await reader("deleted payer");
    const { session, id } = await pay((await browser.submit("/subscribe")).location);
    await browser.get(`/subscribe/done?session_id=${session}`);
    await browser.get("/profile/delete");
    await browser.submit("/profile/delete", { confirm: TEST_PASSWORD });
    expect(await statusOf(id)).toBe("canceled");
  });
});

describe("mails about payments", () => {
  const mailsOf = (userId: number) =>
    app.db.selectFrom("userMails").select(["kind", "about", "detail"]).where("userId", "=", userId).execute();

  it("are put once for each try that fails, however often Stripe tells it", async () => {
    const { userId, browser } = await reader("broke");
    const { customer } = await pay((await browser.submit("/subscribe")).location);
    const event = (attempt: number, next: number | null) => ({
      id: `evt_${attempt}`,
      type: "invoice.payment_failed",
      data: {
        object: {
          id: "in_1",
          object: "invoice",
          customer,
          amount_due: 99_999,
          currency: "usd",
          attempt_count: attempt,
          next_payment_attempt: next,
        },
      },
    });
    await Promise.all(Array.from({ length: 100 }, () => sendEvent(event(1, 1_800_000_000))));
    await sendEvent(event(2, null));
    expect((await mailsOf(userId)).sort((a, b) => a.about.localeCompare(b.about))).toEqual([
      {
        kind: "payment-failed",
        about: "in_1 1",
        detail: { amount: 99_999, currency: "usd", nextTryAt: "2027-01-15T08:00:00.000Z" },
      },
      { kind: "payment-failed", about: "in_1 2", detail: { amount: 99_999, currency: "usd", nextTryAt: null } },
    ]);
  });
});

describe("cancelling at the end of the period", () => {
  let late: TestApp;
  beforeAll(async () => {
    // The other app of this file ends the cloud.
    late = await startTestApp(
      { ...cloud, [Symbol.asyncDispose]: async () => {} },
      { ...payment(), PREMIUM_CANCELS: "at-period-end" },
    );
  });
  afterAll(() => late?.[Symbol.asyncDispose]());

  it("keeps Premium and its results until then, and can be taken back", async () => {
    const userId = await late.makeUser("leaving");
    const browser = await late.signedIn("leaving");
    await browser.get("/subscribe");
    const page = (await browser.submit("/subscribe")).location;
    const { id, session } = await pay(page);
    await browser.get(`/subscribe/done?session_id=${session}`);
    expect((await browser.get("/unsubscribe")).text).toContain("You stay Premium until ");
    await browser.submit("/unsubscribe");
    const role = async () =>
      (await late.db.selectFrom("users").select("role").where("id", "=", userId).executeTakeFirstOrThrow()).role;
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: "active", cancel_at_period_end: true });
    expect(await role()).toBe("premium_user");
    const profile = await browser.get("/profile");
    expect(profile.text).toContain("Ends");
    expect(profile.text).toContain("Keep Premium");
    await browser.submit("/subscribe/keep");
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: "active", cancel_at_period_end: false });
    expect((await browser.get("/profile")).text).toContain("Renews");
  });
});
