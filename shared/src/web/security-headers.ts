import type { RequestHandler } from "express";
import helmet from "helmet";

export interface SecurityHeaderOptions {
  /** Origins, besides our own, that scripts may talk to (the browser's address of S3). */
  readonly connectSrc?: readonly string[];
  /** Origins, besides our own, that forms may be sent to, also by a redirect. */
  readonly formAction?: readonly string[];
  readonly imgSrc?: readonly string[];
  /** The app's address is https, where TLS ends at the balancer: browsers then insist on it. */
  readonly isHttps?: boolean;
}

const HSTS_SECONDS = 31_536_000;

/** Security headers of every answer. Scripts and styles come from our own origin only, never inline. */
export function securityHeaders({
  connectSrc = [],
  formAction = [],
  imgSrc = [],
  isHttps = false,
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
        // Charts size their canvas through the style property, which a policy does not restrict; style attributes stay
        // forbidden.
        styleSrc: ["'self'"],
        fontSrc: ["'self'"],
        imgSrc: ["'self'", "data:", ...imgSrc],
        connectSrc: ["'self'", ...connectSrc],
        formAction: ["'self'", ...formAction],
      },
    },
    // Without https browsers must not be told to insist on it.
    strictTransportSecurity: isHttps && { maxAge: HSTS_SECONDS, includeSubDomains: false },
    crossOriginOpenerPolicy: { policy: "same-origin" },
    referrerPolicy: { policy: "same-origin" },
  });
}
