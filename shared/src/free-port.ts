import { randomInt } from "node:crypto";
import { createServer, type ListenOptions } from "node:net";

/**
 * Below the ports that Linux gives to outgoing connections and to whoever asks for any port
 * (net.ipv4.ip_local_port_range, 32768 and above): it may give one of those away before it is used here. Below the
 * ports of Kubernetes' services too (30000 to 32767).
 */
const DEFAULT_RANGE = { first: 15_000, last: 29_999 };
const TRIES = 200;

/**
 * A TCP port that nobody listens on at this moment, on any IPv4 address of this machine, and that no other process gets
 * from here for as long as this one runs: whoever gets a port opens it seconds later.
 */
export async function findFreePort({ first, last } = DEFAULT_RANGE): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(first, last + 1);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
  throw new Error(`${TRIES} times no port between ${first} and ${last} was free.`);
}

/** By an abstract socket (unix(7)): one process can have it, and it goes with that process however that ends. */
async function reserve(port: number): Promise<boolean> {
  const server = await tryToListen({ path: `\0elastic-gas-port-${port}` });
  server?.unref();
  return server !== undefined;
}

async function isFree(port: number): Promise<boolean> {
  const server = await tryToListen({ port, host: "0.0.0.0" });
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function tryToListen(options: ListenOptions) {
  return new Promise<ReturnType<typeof createServer> | undefined>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(options, () => resolve(server));
  });
}
