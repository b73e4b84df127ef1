import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface StallableProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing comes through and new connections get no word, as when the server's process is stopped. */
  stall(): void;
  resume(): void;
}

/** Stands between a client and a server on this machine, to be stalled without hurting the server's other clients. */
export async function createStallableProxy(port: number): Promise<StallableProxy> {
  const sockets = new Set<Socket>();
  let stalled = false;
  const server = createServer({ pauseOnConnect: true }, (client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => to.write(chunk));
      from.on("close", () => to.destroy());
      from.on("close", () => sockets.delete(from));
      from.on("error", () => {}); // the other side sees the end
      if (stalled) from.pause();
      else from.resume();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stall() {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    resume() {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
