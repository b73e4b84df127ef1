import type { HttpRequest } from "@smithy/types";

/**
 * Stands in an SDK client's way to the network and keeps the bytes that it would send: signing is done once, before the
 * measurement, because a client is far slower than the server.
 */
export class RequestCapture {
  readonly requests: Uint8Array[] = [];

  handle(request: HttpRequest): Promise<never> {
    this.requests.push(rawRequest(request));
    return Promise.reject(new Captured());
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  /** Runs a command for the request that it makes. */
  async run(send: () => Promise<unknown>): Promise<void> {
    await send().catch((error: unknown) => {
      if (!(error instanceof Captured)) throw error;
    });
  }
}

class Captured extends Error {}

function rawRequest({ method, path, query, headers, body }: HttpRequest): Uint8Array {
  const parameters = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value ?? ""].flat().map((text) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`),
  );
  const target = parameters.length === 0 ? path : `${path}?${parameters.join("&")}`;
  const fields = Object.entries(headers)
    .filter(([name]) => name.toLowerCase() !== "expect") // the generator does not wait for a 100
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${fields.join("")}\r\n`, "latin1");
  if (body === undefined || body === null) return head;
  if (body instanceof Uint8Array) return Buffer.concat([head, body]);
  if (typeof body === "string") return Buffer.concat([head, Buffer.from(body, "utf8")]);
  throw new Error("Only bodies that are in memory can be captured.");
}
