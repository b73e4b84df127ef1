import type { Page } from "./wire/server.ts";

/** `GET /_health`: answers as soon as all services serve. */
export function healthPage(services: readonly string[]): Page {
  const body = JSON.stringify({ status: "ok", services: Object.fromEntries(services.map((name) => [name, "ok"])) });
  return {
    prefix: "/_health",
    handle(_request, response) {
      response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" }).end(body);
    },
  };
}
