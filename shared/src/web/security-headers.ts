import type { RequestHandler } from "express";
import helmet from "helmet";

export interface SecurityHeaderOptions {
  /** Origins, besides our own, that scripts may talk to (the browser's address of S3). */
  readonly connectSrc?: readonly string[];
  /** Origins, besides our own, that forms may be sent to, also by a redirect. */
  readonly formAction?: readonly string[];
  readonly imgSrc?: readonly string[];
}

/** Security headers of every answer. Scripts and styles come from our own origin only, never inline. */
export function securityHeaders({
  connectSrc = [],
  formAction = [],
  imgSrc = [],
}: SecurityHeaderOptions = {}): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        scriptSrc: ["'self'"],
        // Charts size their canvas through the style property, which a policy does not restrict; style attributes stay forbidden.
        styleSrc: ["'self'"],
        fontSrc: ["'self'"],
        imgSrc: ["'self'", "data:", ...imgSrc],
        connectSrc: ["'self'", ...connectSrc],
        formAction: ["'self'", ...formAction],
      },
    },
    // TLS ends at the balancer; on one machine there is none, so browsers must not be told to insist on it here.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: { policy: "same-origin" },
    referrerPolicy: { policy: "same-origin" },
  });
}
