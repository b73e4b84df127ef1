import { randomBytes } from "node:crypto";
import type { Logger } from "@elastic-gas/shared/logger";
import { API_VERSION, type Document, type DocumentOf, type Kind } from "./documents.ts";
import { resourceMissing } from "./error.ts";
import type { StripeStore } from "./store.ts";

/** What the operations share. */
export interface StripeContext {
  readonly store: StripeStore;
  readonly priceId: string;
  readonly hasWebhook: boolean;
  readonly log: Logger;
  /** The clock of billing: periods and expiry. Webhooks travel in real time. */
  readonly now: () => Date;
}

export function secondsOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000);
}

export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString("base64url").replaceAll("-", "x").replaceAll("_", "y")}`;
}

const NAMES: Readonly<Partial<Record<Kind, string>>> = {
  "checkout.session": "checkout session",
  "billing_portal.session": "billing portal session",
};

/** `param` is the parameter that named it, for the error. */
export function getDocument<Key extends Kind>(
  { store }: StripeContext,
  kind: Key,
  { id, param = "id" }: { readonly id: string; readonly param?: string },
): DocumentOf<Key> {
  const document = store.find(kind, id);
  if (!document) throw resourceMissing(NAMES[kind] ?? kind, id, param);
  return document;
}

/** As the API shows it. */
export function present(document: Document): Record<string, unknown> {
  const { _local, ...rest }: Record<string, unknown> = { ...document };
  return rest;
}

/** Stores what happened, and that it is to be told. To be called in the transaction of the change. */
export function addEvent({ store, now, hasWebhook }: StripeContext, type: string, subject: Document): void {
  const id = newId("evt");
  store.put({
    id,
    object: "event",
    api_version: API_VERSION,
    created: secondsOf(now()),
    data: { object: present(subject) },
    livemode: false,
    pending_webhooks: hasWebhook ? 1 : 0,
    request: { id: null, idempotency_key: null },
    type,
  });
  if (hasWebhook) store.addDelivery(id, new Date());
}
