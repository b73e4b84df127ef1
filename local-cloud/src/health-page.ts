import type { IncomingMessage, ServerResponse } from "node:http";
import type { Page } from "./wire/server.ts";

/** `GET /_health`: 503 until everything has been prepared, then 200. */
export class HealthPage implements Page {
  readonly prefix = "/_health";
  isReady = false;
  readonly #services: readonly string[];

  constructor(services: readonly string[]) {
    this.#services = services;
  }

  handle(_request: IncomingMessage, response: ServerResponse): void {
    const status = this.isReady ? "ok" : "starting";
    const services = Object.fromEntries(this.#services.map((name) => [name, status]));
    response.writeHead(this.isReady ? 200 : 503, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify({ status, services }));
  }
}
