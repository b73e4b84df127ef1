import type { ApiDescription } from "@elastic-gas/shared/web/openapi";
import { ApiFailure } from "./schemas.ts";

/** Its version is raised with every change that a caller can see. */
export const MANAGER_API: ApiDescription = {
  title: "Elastic GAS manager",
  version: "1.4.0",
  description: "Reads and operates the worker pools. Requests for changes are stored; the autoscaler carries them out.",
  securitySchemes: {
    token: { type: "http", scheme: "bearer", description: "A token of the page API tokens; scope read or operate" },
    session: { type: "apiKey", in: "cookie", name: "manager_session", description: "Changes also need x-csrf-token" },
  },
  failures: {
    400: "Not understood",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not there",
    409: "Refused, and why",
    429: "Too many requests; Retry-After says how many seconds to wait",
  },
  failure: ApiFailure,
};
