import { createServer } from "node:http";

export interface HealthAddress extends AsyncDisposable {
  readonly port: number;
}

/**
 * Answers on loopback whoever watches over this process: 200 while its event loop turns and its work advances, 503 with
 * what stands still otherwise. It asks no other part, so that a failing one gets nobody restarted.
 */
export function serveHealth({
  port,
  findStandstill = () => undefined,
}: {
  readonly port: number;
  /** What has stood still for too long, in words; undefined while all goes on. */
  readonly findStandstill?: () => string | undefined;
}): Promise<HealthAddress> {
  const server = createServer((_request, response) => {
    const standstill = findStandstill();
    response.writeHead(standstill === undefined ? 200 : 503, { "content-type": "text/plain", connection: "close" });
    response.end(`${standstill ?? "ok"}\n`);
  });
  // The process ends when its work has ended, not when nobody asks any more.
  server.unref();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("A TCP server has a port.");
      resolve({
        port: address.port,
        [Symbol.asyncDispose]: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

/** Tells when some repeated work has not come to an end for too long. */
export function watchTurns(what: string, limitMs: number, now: () => number = () => performance.now()) {
  let turnedAt = now();
  return {
    turned: (): void => {
      turnedAt = now();
    },
    findStandstill: (): string | undefined => {
      const silentMs = now() - turnedAt;
      return silentMs > limitMs ? `${what} has not ended for ${Math.round(silentMs / 1_000)} s` : undefined;
    },
  };
}
