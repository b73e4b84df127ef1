import { z } from "zod";
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
        .filter((customer) => email === undefined || customer.email === email);
      return listOf(customers, "/v1/customers", page);
    },
  },
  {
    method: "GET",
    path: "/v1/customers/:id",
    answer(request) {
      readParameters(request, {});
      return getDocument(request.context, "customer", request);
    },
  },
];
