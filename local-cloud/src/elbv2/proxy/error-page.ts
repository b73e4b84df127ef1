const REASONS = {
  408: "Request Time-out",
  502: "Bad Gateway",
  503: "Service Temporarily Unavailable",
  504: "Gateway Time-out",
} as const;

export type BalancerError = keyof typeof REASONS;

export interface ErrorPage {
  readonly status: BalancerError;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answer of an Application Load Balancer itself, as it words it. */
export function errorPage(status: BalancerError): ErrorPage {
  const reason = REASONS[status];
  const title = `${status} ${reason}`;
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;
  return {
    status,
    reason,
    headers: { Server: "awselb/2.0", "Content-Type": "text/html", "Content-Length": String(Buffer.byteLength(body)) },
    body,
  };
}
