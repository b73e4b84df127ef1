import type { Parameters } from "./protocol/protocol.ts";

const NO_PARAMETERS: Parameters = [];

export interface RequestTarget {
  /** Still percent-encoded. */
  readonly path: string;
  readonly query: Parameters;
}

/** Splits a request's target. Query names and values are percent-decoded; what cannot be decoded stays as it is. */
export function readTarget(url: string): RequestTarget {
  const mark = url.indexOf("?");
  if (mark < 0) return { path: url, query: NO_PARAMETERS };
  return { path: url.slice(0, mark), query: readQuery(url.slice(mark + 1)) };
}

function readQuery(text: string): Parameters {
  return text
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals < 0 ? [decode(pair), ""] : [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/**
 * Which names a Host header may carry: a page of a foreign site can reach loopback through a name of its own, and must
 * not.
 */
export class KnownHosts {
  readonly #names: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(["localhost", "[::1]", ...names.map((name) => name.toLowerCase())]);
  }

  /** Any loopback address is ours: instances live on their own. `<bucket>.<host>` is S3's virtual-host style. */
  includes(hostHeader: string | undefined): boolean {
    const name = hostName(hostHeader);
    return this.#isKnown(name) || this.bucketOf(hostHeader) !== undefined;
  }

  bucketOf(hostHeader: string | undefined): string | undefined {
    const name = hostName(hostHeader);
    if (this.#isKnown(name)) return undefined;
    for (const known of this.#names) {
      if (name.endsWith(`.${known}`) && !isIpAddress(known)) return name.slice(0, -known.length - 1);
    }
    return undefined;
  }

  /** True when a browser says that one of our own pages, or no page, sent the request. */
  allowsOrigin(origin: string | undefined, fetchSite: string | string[] | undefined): boolean {
    if (fetchSite === "cross-site") return false;
    if (origin === undefined) return true;
    return URL.canParse(origin) && this.#isKnown(new URL(origin).hostname);
  }

  #isKnown(name: string): boolean {
    return this.#names.has(name) || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
  }
}

function hostName(hostHeader: string | undefined): string {
  return (hostHeader ?? "").toLowerCase().replace(/:\d+$/, "");
}

function isIpAddress(name: string): boolean {
  return /^[\d.]+$/.test(name) || name.startsWith("[");
}
