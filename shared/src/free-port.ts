import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below the ports that Linux gives to outgoing connections and to whoever asks for any port
 * (net.ipv4.ip_local_port_range, 32768 and above): it may give one of those away before it is used here.
 */
const FIRST = 15_000;
const LAST = 32_000;
const TRIES = 200;

/** A TCP port on 127.0.0.1 that nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`Of ${TRIES} ports between ${FIRST} and ${LAST} none was free.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
