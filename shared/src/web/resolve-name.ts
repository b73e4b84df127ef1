import { type LookupAddress, Resolver } from "node:dns";

/** Gives the addresses of a name; there is at least one when there is no error. */
export type ResolveName = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]) => void,
) => void;

const TIMEOUT_MS = 2_000;
const TRIES = 2;
const NO_NAME: ReadonlySet<string | undefined> = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Asks the system's name servers, or those given, for names that people gave. The system's own look-up takes a thread
 * for as long as a name server is silent, and only two look-ups get one at a time: a few names of a silent server would
 * hold those of S3 and the database too. It knows no names of /etc/hosts, which are not public.
 */
export function createNameResolver(servers?: readonly string[]): ResolveName {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  return (hostname, callback) => {
    const found: LookupAddress[] = [];
    const failures: NodeJS.ErrnoException[] = [];
    let open = 2;
    const answered = (family: 4 | 6) => (error: NodeJS.ErrnoException | null, addresses: readonly string[]) => {
      if (error === null) found.push(...addresses.map((address) => ({ address, family })));
      else failures.push(error);
      open -= 1;
      if (open > 0) return;
      if (found.length > 0) callback(null, found);
      else callback(failures.find(({ code }) => !NO_NAME.has(code)) ?? noSuchName(hostname), []);
    };
    resolver.resolve4(hostname, answered(4));
    resolver.resolve6(hostname, answered(6));
  };
}

function noSuchName(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: "ENOTFOUND" });
}
