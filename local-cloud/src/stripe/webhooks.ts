import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@elastic-gas/shared/logger";
import { secondsOf } from "./context.ts";
import type { Delivery, StripeStore } from "./store.ts";

export interface WebhookOptions {
  readonly store: StripeStore;
  readonly url: string;
  readonly secret: string;
  readonly log: Logger;
  /** Before the second attempt; doubled for each further one. */
  readonly retrySeconds?: number;
}

const TIMEOUT_MS = 10_000;
const BATCH = 10;
const MAX_RETRY_SECONDS = 3_600;
const MAX_ATTEMPTS = 83; // with these delays after three days, as Stripe does

/** Stripe-Signature header of a payload. https://docs.stripe.com/webhooks#verify-manually */
function signatureHeader(payload: string, secret: string, sentAt: Date): string {
  const time = secondsOf(sentAt);
  return `t=${time},v1=${createHmac("sha256", secret).update(`${time}.${payload}`).digest("hex")}`;
}

/** Seconds to wait after so many failed attempts. */
function retryDelaySeconds(attempts: number, firstSeconds: number): number {
  return Math.min(MAX_RETRY_SECONDS, firstSeconds * 2 ** (attempts - 1));
}

/** Sends events until each has been received. What waits survives a restart. */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #wakeUp: () => void = () => undefined;

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** There may be something to send. */
  wake(): void {
    this.#wakeUp();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeUp();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { store, log } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // Made before looking: a change that comes while we look wakes us at once.
      const woken = new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      });
      try {
        const due = store.listDueDeliveries(new Date(), BATCH);
        await Promise.all(due.map((delivery) => this.#deliver(delivery)));
      } catch (error) {
        log.error({ err: error }, "webhook deliveries failed unexpectedly");
        await sleep(1_000, undefined, { signal }).catch(() => undefined);
      }
      await this.#waitForNext(woken);
    }
  }

  async #waitForNext(woken: Promise<void>): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const next = this.#options.store.nextDeliveryAt();
    const done = new AbortController();
    const waits: Promise<unknown>[] = [woken];
    if (next) {
      const wait = Math.max(0, next.getTime() - Date.now());
      waits.push(sleep(wait, undefined, { signal: done.signal }).catch(() => undefined));
    }
    await Promise.race(waits);
    done.abort();
  }

  async #deliver({ event, attempts }: Delivery): Promise<void> {
    const { store, url, secret, log, retrySeconds = 1 } = this.#options;
    const payload = JSON.stringify(event, undefined, 2);
    const failure = await this.#post(url, payload, signatureHeader(payload, secret, new Date()));
    if (this.#closing.signal.aborted && failure !== undefined) return; // the next start sends it again
    if (failure === undefined) {
      store.endDelivery(event);
      return;
    }
    if (attempts + 1 >= MAX_ATTEMPTS) {
      log.error({ event: event.id, type: event.type, attempts: attempts + 1, failure }, "webhook given up");
      store.endDelivery(event);
      return;
    }
    const delay = retryDelaySeconds(attempts + 1, retrySeconds);
    store.postponeDelivery(event.id, attempts + 1, new Date(Date.now() + delay * 1_000));
    log.warn(
      { event: event.id, type: event.type, attempts: attempts + 1, failure },
      "webhook not received, will retry",
    );
  }

  /** Why it was not received; undefined when it was. */
  async #post(url: string, payload: string, signature: string): Promise<string | undefined> {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json; charset=utf-8", "stripe-signature": signature },
        body: payload,
        redirect: "manual",
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
