import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "./auth/principal.ts";
import type { Call } from "./handler.ts";

/** The call as its handler sees it. */
export class RequestCall implements Call {
  readonly requestId: string;
  readonly host: string;
  readonly region: string;
  readonly accountId: string;
  readonly #response: ServerResponse;
  #principal: Principal | undefined;
  #abort: AbortController | undefined;

  constructor(
    { headers }: IncomingMessage,
    response: ServerResponse,
    { region, accountId }: Pick<Call, "region" | "accountId">,
    requestId: string,
  ) {
    this.requestId = requestId;
    this.host = headers.host ?? "";
    this.region = region;
    this.accountId = accountId;
    this.#response = response;
  }

  /** Made when first asked for: most handlers finish before anyone could hang up. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.#response.destroyed) abort.abort();
      else this.#response.once("close", () => abort.abort());
    }
    return this.#abort.signal;
  }

  /** Known once the signature has been checked, which is before any handler runs. */
  get principal(): Principal {
    if (!this.#principal) throw new Error("The caller is not known yet.");
    return this.#principal;
  }

  set principal(principal: Principal) {
    this.#principal = principal;
  }

  hangUp(): void {
    this.#response.destroy();
  }
}
