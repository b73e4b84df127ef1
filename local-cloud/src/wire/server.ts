import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "@elastic-gas/shared/logger";
import type { KnownHosts } from "./address.ts";
import type { Gateway } from "./gateway.ts";

/**
 * A part of the server that is not AWS. Its paths cannot be buckets: those have no underscore and at least three
 * characters.
 */
export interface Page {
  /** Path that it owns, with everything below: `/_mail`. */
  readonly prefix: string;
  handle(request: IncomingMessage, response: ServerResponse): void | Promise<void>;
}

export interface ServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly gateway: Gateway;
  readonly pages: readonly Page[];
  readonly hosts: KnownHosts;
  readonly log: Logger;
}

export interface WireServer {
  readonly port: number;
  /** Stops listening, lets running calls finish for a moment and cuts what is left (long polls). */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 1_000;

export async function startServer(options: ServerOptions): Promise<WireServer> {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 75_000, noDelay: true }, (request, response) => {
    answer(options, request, response);
  });
  await listen(server, options);
  // An address of a listening TCP server is never a string (that is for pipes) nor null.
  const { port } = server.address() as AddressInfo;
  return { port, close: () => closeServer(server) };
}

function answer(
  { hosts, pages, gateway, log }: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (!hosts.includes(request.headers.host)) {
    refuse(response, 421, "This host name is not served here. Set PUBLIC_HOST to allow it.");
    return;
  }
  const page = findPage(pages, request.url ?? "/");
  if (!page) {
    void gateway.handle(request, response);
    return;
  }
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead && !hosts.allowsOrigin(request.headers.origin, request.headers["sec-fetch-site"])) {
    refuse(response, 403, "Pages of other sites may not change anything here.");
    return;
  }
  const handled = (async () => page.handle(request, response))();
  handled.catch((error: unknown) => {
    log.error({ err: error, page: page.prefix }, "Page failed unexpectedly");
    if (response.headersSent) response.destroy();
    else refuse(response, 500, "Something went wrong; the log of local-cloud tells more.");
  });
}

function findPage(pages: readonly Page[], url: string): Page | undefined {
  return pages.find(({ prefix }) => {
    if (!url.startsWith(prefix)) return false;
    const next = url[prefix.length];
    return next === undefined || next === "/" || next === "?" || prefix.endsWith("/");
  });
}

function refuse(response: ServerResponse, statusCode: number, text: string): void {
  response.writeHead(statusCode, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function listen(server: Server, { port, host }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearTimeout(timer);
}
