import { z } from "zod";
import { getDocument } from "./context.ts";
import { listOf, paging, type Route, readParameters } from "./route.ts";

/** What can only be read: invoices and events. */
export const recordRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/invoices",
    answer(request) {
      const { customer, subscription, status, ...page } = readParameters(request, {
        ...paging,
        customer: z.string().optional(),
        subscription: z.string().optional(),
        status: z.enum(["draft", "open", "paid", "uncollectible", "void"]).optional(),
      });
      const invoices = request.context.store
        .list("invoice", customer)
        .filter(({ parent }) => subscription === undefined || parent.subscription_details.subscription === subscription)
        .filter((invoice) => status === undefined || invoice.status === status);
      return listOf(invoices, "/v1/invoices", page);
    },
  },
  { method: "GET", path: "/v1/invoices/:id", answer: (request) => getDocument(request.context, "invoice", request) },
  {
    method: "GET",
    path: "/v1/events",
    answer(request) {
      const { type, ...page } = readParameters(request, { ...paging, type: z.string().optional() });
      const events = request.context.store.list("event");
      return listOf(
        events.filter((event) => type === undefined || event.type === type),
        "/v1/events",
        page,
      );
    },
  },
  { method: "GET", path: "/v1/events/:id", answer: (request) => getDocument(request.context, "event", request) },
];
