import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * The balancer closes idle connections after 60 s; the server must keep them longer, or a request meets a closing
 * connection.
 */
const KEEP_ALIVE_MS = 75_000;
/** Below the balancer's 60 s, so that the reader gets our page rather than its 504. */
export const REQUEST_LIMIT_MS = 55_000;

export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** Takes no new connections, lets requests under way finish for up to `graceMs`, then closes the rest. */
  close(graceMs?: number): Promise<void>;
}

export interface ServeOptions {
  readonly host: string;
  readonly port: number;
  /** How long a request may take to come, with its body. */
  readonly requestMs?: number;
}

/** Serves an app on one address. Rejects when the address is taken. `port: 0` takes a free one. */
export function serve(
  app: RequestListener,
  { host, port, requestMs = REQUEST_LIMIT_MS }: ServeOptions,
): Promise<Listening> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: requestMs }, app);
  server.headersTimeout = KEEP_ALIVE_MS + 5_000; // must exceed keepAliveTimeout: https://github.com/nodejs/node/issues/27363
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const { port: actual } = server.address() as AddressInfo; // a TCP server has one
      resolve({ server, port: actual, close: (graceMs = 10_000) => closeServer(server, graceMs) });
    });
  });
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
