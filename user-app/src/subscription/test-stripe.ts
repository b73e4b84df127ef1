/** For tests: as much of Stripe's API as payments use, stateful, with idempotency keys that work and cards that are accepted or not. */
import { randomUUID } from "node:crypto";
import { type Listening, serve } from "@elastic-gas/shared/web/serve";
import express from "express";

interface CheckoutSession {
  readonly id: string;
  readonly object: "checkout.session";
  readonly customer: string;
  readonly client_reference_id: string;
  readonly success_url: string;
  status: "open" | "complete" | "expired";
  url: string | null;
}

interface Subscription {
  readonly id: string;
  readonly object: "subscription";
  readonly customer: string;
  status: "active" | "canceled";
  readonly created: number;
  readonly cancel_at_period_end: boolean;
  readonly items: { readonly object: "list"; readonly data: readonly { readonly current_period_end: number }[] };
}

export interface TestStripe extends AsyncDisposable {
  readonly url: string;
  readonly customers: string[];
  readonly sessions: CheckoutSession[];
  readonly subscriptions: Subscription[];
  /** What the reader does on the payment page. */
  pay(sessionId: string): Subscription;
  cancel(subscriptionId: string): void;
}

export async function startTestStripe(): Promise<TestStripe> {
  const customers: string[] = [];
  const sessions: CheckoutSession[] = [];
  const subscriptions: Subscription[] = [];
  const byKey = new Map<string, unknown>();
  const id = (prefix: string) => `${prefix}_${randomUUID().replaceAll("-", "")}`;
  const list = (data: readonly unknown[]) => ({ object: "list", data, has_more: false, url: "/" });
  const field = (body: unknown, name: string): string => {
    const value: unknown = typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
    return typeof value === "string" ? value : "";
  };

  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use((req, res, next) => {
    const key = req.get("idempotency-key");
    const known = key === undefined ? undefined : byKey.get(key);
    if (req.method === "POST" && known !== undefined) {
      res.json(known);
      return;
    }
    const json = res.json.bind(res);
    res.json = (body) => {
      if (key !== undefined && req.method === "POST") byKey.set(key, body);
      return json(body);
    };
    next();
  });
  app.post("/v1/customers", (_req, res) => {
    const customer = id("cus");
    customers.push(customer);
    res.json({ id: customer, object: "customer" });
  });
  app.post("/v1/checkout/sessions", (req, res) => {
    const session: CheckoutSession = {
      id: id("cs_test"),
      object: "checkout.session",
      customer: field(req.body, "customer"),
      client_reference_id: field(req.body, "client_reference_id"),
      success_url: field(req.body, "success_url"),
      status: "open",
      url: null,
    };
    session.url = `http://stripe.example/pay/${session.id}`;
    sessions.unshift(session);
    res.json(session);
  });
  app.get("/v1/checkout/sessions", (req, res) => {
    res.json(list(sessions.filter(({ customer }) => customer === req.query.customer)));
  });
  app.get("/v1/checkout/sessions/:id", (req, res) => {
    res.json(sessions.find((session) => session.id === req.params.id));
  });
  app.post("/v1/checkout/sessions/:id/expire", (req, res) => {
    const session = sessions.find((one) => one.id === req.params.id);
    if (session !== undefined) session.status = "expired";
    res.json(session);
  });
  app.get("/v1/subscriptions", (req, res) => {
    res.json(list(subscriptions.filter(({ customer }) => customer === req.query.customer)));
  });
  app.delete("/v1/subscriptions/:id", (req, res) => {
    const subscription = subscriptions.find((one) => one.id === req.params.id);
    if (subscription !== undefined) subscription.status = "canceled";
    res.json(subscription);
  });
  app.post("/v1/billing_portal/sessions", (req, res) => {
    res.json({ object: "billing_portal.session", url: `http://stripe.example/portal/${field(req.body, "customer")}` });
  });
  const listening: Listening = await serve(app, { host: "127.0.0.1", port: 0 });

  return {
    url: `http://127.0.0.1:${listening.port}`,
    customers,
    sessions,
    subscriptions,
    pay(sessionId) {
      const session = sessions.find((one) => one.id === sessionId);
      if (session?.status !== "open") throw new Error(`Session ${sessionId} takes no payment`);
      session.status = "complete";
      session.url = null;
      const created = Math.floor(Date.now() / 1_000);
      const subscription: Subscription = {
        id: id("sub"),
        object: "subscription",
        customer: session.customer,
        status: "active",
        created,
        cancel_at_period_end: false,
        items: { object: "list", data: [{ current_period_end: created + 604_800 }] },
      };
      subscriptions.push(subscription);
      return subscription;
    },
    cancel(subscriptionId) {
      const subscription = subscriptions.find((one) => one.id === subscriptionId);
      if (subscription !== undefined) subscription.status = "canceled";
    },
    [Symbol.asyncDispose]: () => listening.close(0),
  };
}
