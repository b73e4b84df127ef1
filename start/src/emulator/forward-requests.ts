import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Forwarder {
  readonly port: number;
  close(): Promise<void>;
}

const NO_WORKER = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/**
 * Takes connections on a port of this machine and passes each to one of the targets in turn; one that does not take it
 * is passed over, and without any the answer is 503. Undefined when somebody else listens there.
 */
export async function forwardRequests(port: number, targets: () => readonly Target[]): Promise<Forwarder | undefined> {
  let turn = 0;
  const open = new Set<Socket>();
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    client.on("error", () => client.destroy());
    const [...choices] = targets();
    turn += 1;
    const inTurn = choices
      .map((_, index) => choices[(turn + index) % choices.length])
      .filter((each) => each !== undefined);
    void passOn(client, inTurn, keep);
  });
  try {
    server.listen({ host: "127.0.0.1", port });
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

async function passOn(client: Socket, targets: readonly Target[], keep: (socket: Socket) => void): Promise<void> {
  for (const target of targets) {
    const worker = connect(target);
    keep(worker);
    try {
      await once(worker, "connect");
    } catch {
      continue; // the next one may take it
    }
    // Whoever ends the connection ends both halves.
    worker.on("error", () => client.destroy());
    worker.once("close", () => client.destroy());
    client.once("close", () => worker.destroy());
    if (client.destroyed) worker.destroy();
    client.pipe(worker).pipe(client);
    return;
  }
  client.end(NO_WORKER);
}
