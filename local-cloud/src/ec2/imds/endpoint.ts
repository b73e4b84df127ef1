import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { InstanceRecord } from "../instances/record.ts";
import { issueToken, isTokenValid, parseTtl } from "./token.ts";
import { findMetadata, type MetadataContext, type MetadataRecord } from "./tree.ts";

/** With what a caller must know. */
type ServedRecord = MetadataRecord & Pick<InstanceRecord, "httpEndpoint" | "httpTokens" | "metadataSecret">;

export interface MetadataSource {
  /** The instance as it is now; undefined while there is none. */
  readonly find: () => { readonly record: ServedRecord; readonly context: MetadataContext } | undefined;
}

export interface MetadataEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * EC2's instance metadata service, version 2 (version 1 where the instance's HttpTokens is `optional`). Rejects when
 * the address is taken.
 */
export async function openMetadataEndpoint(
  address: string,
  port: number,
  source: MetadataSource,
): Promise<MetadataEndpoint> {
  const server = createServer((request, response) => {
    request.resume();
    const { statusCode, headers, body } = answer(request, `${address}:${portOf(server)}`, source);
    response.writeHead(statusCode, { "content-type": "text/plain", server: "EC2ws", ...headers }).end(body);
  });
  server.listen({ host: address, port });
  await once(server, "listening"); // rejects with the error of a failed listen
  return {
    port: portOf(server),
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function answer(request: IncomingMessage, host: string, source: MetadataSource): Answer {
  // A page in a browser on this machine must not get here through a name that resolves to our address.
  if (request.headers.host !== host) return { statusCode: 403 };
  const found = source.find();
  if (!found || found.record.httpEndpoint === "disabled") return { statusCode: 403 };
  const { record, context } = found;
  const path = decodeSafely(request.url?.split("?")[0] ?? "/");
  if (path === "/latest/api/token") return answerToken(request, record, context);
  if (request.method !== "GET" && request.method !== "HEAD") return { statusCode: 405 };
  const token = request.headers["x-aws-ec2-metadata-token"];
  const isTrusted =
    typeof token === "string"
      ? isTokenValid(record.metadataSecret, token, context.now)
      : record.httpTokens === "optional";
  if (!isTrusted) return { statusCode: 401 };
  const match = /^\/(?:latest|\d{4}-\d{2}-\d{2}|1\.0)(\/.*)?$/.exec(path);
  const metadata = match ? findMetadata(record, match[1] ?? "/", context) : undefined;
  if (!metadata) return { statusCode: 404 };
  return { statusCode: 200, headers: { "content-type": metadata.contentType }, body: metadata.body };
}

function answerToken(request: IncomingMessage, record: ServedRecord, context: MetadataContext): Answer {
  if (request.method !== "PUT") return { statusCode: 405 };
  // A forwarded request comes from a proxy that somebody else may use: EC2 gives it no token.
  if (request.headers["x-forwarded-for"] !== undefined) return { statusCode: 403 };
  const header = request.headers["x-aws-ec2-metadata-token-ttl-seconds"];
  const ttlSeconds = parseTtl(typeof header === "string" ? header : undefined);
  if (ttlSeconds === undefined) return { statusCode: 400 };
  return {
    statusCode: 200,
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(ttlSeconds) },
    body: issueToken(record.metadataSecret, ttlSeconds, context.now),
  };
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "/"; // answers 404: not a path that exists
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The metadata endpoint is not listening.");
  return address.port;
}
