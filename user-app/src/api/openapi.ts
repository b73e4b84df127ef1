import type { ApiDescription } from "@elastic-gas/shared/web/openapi";
import { ApiFailure } from "./annotation-schemas.ts";

export const ANNOTATION_API: ApiDescription = {
  title: "Elastic GAS annotations",
  version: "1",
  description: "Annotates VCF files. Tokens are made on the page API tokens; scope read or write.",
  securitySchemes: { token: { type: "http", scheme: "bearer" } },
  failures: {
    400: "Not understood",
    401: "No token, or one that is unknown or revoked",
    403: "The token may only read",
    404: "Not there, or not yours",
    409: "Not possible in this state, and why",
    413: "Too large",
    429: "Too many requests or waiting jobs; Retry-After says how many seconds to wait",
    503: "Not now; Retry-After says how many seconds to wait",
  },
  failure: ApiFailure,
};
