import { isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector } from "undici";
import { createNameResolver, type ResolveName } from "./resolve-name.ts";

export type MayReach = (address: string) => boolean;

/** A connection was refused because of where it would have gone. */
export class AddressRefused extends Error {
  override name = "AddressRefused";
  /** As it was given: a name, or a number. */
  readonly address: string;
  constructor(address: string) {
    super(`Only public addresses can be fetched; ${address} is a private address.`);
    this.address = address;
  }
}

export interface GuardedAgentOptions {
  readonly mayReach: MayReach;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Resolves names; asks the system's name servers by default. */
  readonly resolve?: ResolveName;
}

/**
 * An undici agent that connects only where `mayReach` allows. The rule is applied to the very addresses that the socket
 * uses, so a name that answers differently the second time gains nothing; numeric hosts, which skip the look-up, are
 * checked before, and the connected socket once more after.
 */
export function createGuardedAgent({
  mayReach,
  timeoutMs,
  maxBytes,
  resolve = createNameResolver(),
}: GuardedAgentOptions): Agent {
  const connect = buildConnector({
    timeout: timeoutMs,
    lookup: guardedLookup(mayReach, resolve),
    autoSelectFamily: true,
  });
  return new Agent({
    connect(options, callback) {
      const host = options.hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) !== 0 && !mayReach(host)) return callback(new AddressRefused(host), null);
      return connect(options, (error, socket) => {
        if (error !== null) return callback(error, null);
        const reached = socket?.remoteAddress;
        if (socket && (reached === undefined || !mayReach(reached))) {
          socket.destroy();
          return callback(new AddressRefused(reached ?? host), null);
        }
        return callback(null, socket);
      });
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: maxBytes,
    pipelining: 0, // no connection outlives its request
  });
}

function guardedLookup(mayReach: MayReach, resolve: ResolveName): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, found) => {
      if (error) return callback(error, "", 0);
      // One address that is not public is enough to refuse the name: nothing honest has both. Which one it is, is
      // nobody's business: names inside a network lead to its addresses.
      if (found.some(({ address }) => !mayReach(address))) return callback(new AddressRefused(hostname), "", 0);
      const [first] = found;
      if (first === undefined) return callback(new Error(`${hostname} has no address`), "", 0);
      if (options.all) return callback(null, [...found]);
      return callback(null, first.address, first.family);
    });
  };
}
