import type { Identities } from "../wire/auth/identities.ts";
import type { BrowserAccess } from "../wire/browser-access.ts";
import { Fault } from "../wire/handler.ts";
import type { CorsRule } from "./bucket-index.ts";
import type { S3Context } from "./context.ts";
import { type CorsRequest, corsHeaders, findRule } from "./cors.ts";
import { noSuchBucket, notImplemented } from "./faults.ts";
import { postObject } from "./post-object.ts";

/** What pages in browsers may do: preflights, answers they may read, and POST forms. */
export function browserAccess(context: S3Context, identities: Identities): BrowserAccess {
  function rulesOf(path: string): readonly CorsRule[] {
    return context.buckets.find(bucketOf(path))?.settings.cors ?? [];
  }

  return {
    preflight(path, headers) {
      const { origin } = headers;
      const method = headers["access-control-request-method"];
      if (origin === undefined || method === undefined) {
        throw new Fault("BadRequest", "Insufficient information. Origin request header needed.");
      }
      if (!context.buckets.find(bucketOf(path))) throw noSuchBucket(bucketOf(path));
      const asked = headers["access-control-request-headers"] ?? "";
      const names = asked.split(",").map((name) => name.trim().toLowerCase());
      const request: CorsRequest = { origin, method, headers: names.filter((name) => name !== "") };
      const rule = findRule(rulesOf(path), request);
      if (!rule) {
        const message =
          "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.";
        throw new Fault("AccessForbidden", message, 403, { fields: { Method: method, ResourceType: "OBJECT" } });
      }
      return { statusCode: 200, headers: corsHeaders(rule, request), body: undefined };
    },

    responseHeaders(path, { method, headers }) {
      const { origin } = headers;
      if (origin === undefined) return {};
      const request: CorsRequest = { origin, method, headers: [] };
      const rule = findRule(rulesOf(path), request);
      return rule ? corsHeaders(rule, request) : {};
    },

    async postObject(path, request, call) {
      if (!/^\/[^/]+\/?$/.test(path)) throw notImplemented("POST forms to anything but a bucket");
      return postObject(context, identities, bucketOf(path), request, call);
    },
  };
}

function bucketOf(path: string): string {
  const segment = path.split("/")[1] ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
