import { z } from "zod";
import { endSubscription } from "./billing.ts";
import { addEvent, getDocument, newId, secondsOf } from "./context.ts";
import type { Customer } from "./documents.ts";
import { emptyable, listOf, MetadataChange, mergeMetadata, paging, type Route, readParameters } from "./route.ts";

const FIELDS = {
  name: emptyable.optional(),
  email: emptyable.optional(),
  phone: emptyable.optional(),
  description: emptyable.optional(),
  metadata: MetadataChange.optional(),
};

export const customerRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/v1/customers",
    answer(request) {
      const { name = null, email = null, phone = null, description = null, metadata } = readParameters(request, FIELDS);
      const customer: Customer = {
        id: newId("cus"),
        object: "customer",
        balance: 0,
        created: secondsOf(request.context.now()),
        currency: null,
        default_source: null,
        delinquent: false,
        description,
        email,
        livemode: false,
        metadata: mergeMetadata({}, metadata),
        name,
        phone,
      };
      request.context.store.put(customer);
      addEvent(request.context, "customer.created", customer);
      return customer;
    },
  },
  {
    method: "GET",
    path: "/v1/customers",
    answer(request) {
      const { email, ...page } = readParameters(request, { ...paging, email: z.string().optional() });
      const customers = request.context.store
        .list("customer")
        .filter((customer) => customer.deleted !== true && (email === undefined || customer.email === email));
      return listOf(customers, "/v1/customers", page);
    },
  },
  {
    method: "GET",
    path: "/v1/customers/:id",
    answer(request) {
      readParameters(request, {});
      const customer = getDocument(request.context, "customer", request);
      return customer.deleted === true ? { id: customer.id, object: "customer", deleted: true } : customer;
    },
  },
  {
    method: "POST",
    path: "/v1/customers/:id",
    answer(request) {
      const { context } = request;
      const { metadata, ...changes } = readParameters(request, FIELDS);
      const customer = getLivingCustomer(context, { id: request.id });
      const changed: Customer = { ...customer, ...changes, metadata: mergeMetadata(customer.metadata, metadata) };
      context.store.put(changed);
      addEvent(context, "customer.updated", changed);
      return changed;
    },
  },
  {
    method: "DELETE",
    path: "/v1/customers/:id",
    answer({ context, id }) {
      const customer = getLivingCustomer(context, { id });
      for (const subscription of context.store.list("subscription", id)) {
        if (subscription.status !== "canceled") endSubscription(context, subscription);
      }
      const latest = getDocument(context, "customer", { id });
      context.store.put({ ...latest, deleted: true });
      addEvent(context, "customer.deleted", customer);
      return { id, object: "customer", deleted: true };
    },
  },
];

export function getLivingCustomer(
  context: Parameters<typeof getDocument>[0],
  named: { readonly id: string; readonly param?: string },
): Customer {
  const customer = getDocument(context, "customer", named);
  if (customer.deleted !== true) return customer;
  // Stripe answers as if it had never been.
  return getDocument(context, "customer", { ...named, id: `${named.id} (deleted)` });
}
