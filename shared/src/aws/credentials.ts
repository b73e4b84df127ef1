import { setTimeout as sleep } from "node:timers/promises";
import { defaultProvider } from "@aws-sdk/credential-provider-node";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export type CredentialSource = () => Promise<Credentials>;

/** A busy machine's metadata service may be silent for long: that is no reason to die. */
const RETRY_FOR_MS = 60_000;
const PAUSE_MS = 500;
const ANSWER_WITHIN_MS = 5_000;
/** Where the SDK itself begins to ask again. */
const REFRESH_AHEAD_MS = 300_000;

/**
 * Credentials from a source that fails now and then: asked for a minute at first, and asked again before they run out
 * while the ones at hand still serve. Callers at the same time share one question.
 */
export function keepFresh(
  source: CredentialSource,
  { retryForMs = RETRY_FOR_MS, pauseMs = PAUSE_MS } = {},
): CredentialSource {
  let held: Credentials | null = null;
  let asking: Promise<Credentials> | null = null;
  const ask = (): Promise<Credentials> => {
    asking ??= askPatiently(source, { retryForMs, pauseMs })
      .then((fresh) => {
        held = fresh;
        return fresh;
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  };
  return async () => {
    if (held === null) return ask();
    const leftMs = held.expiration === undefined ? Number.POSITIVE_INFINITY : held.expiration.getTime() - Date.now();
    if (leftMs <= 0) return ask();
    // A failed refresh is tried again by the next caller.
    if (leftMs < REFRESH_AHEAD_MS) ask().catch(() => {});
    return held;
  };
}

async function askPatiently(
  source: CredentialSource,
  { retryForMs, pauseMs }: { readonly retryForMs: number; readonly pauseMs: number },
): Promise<Credentials> {
  const endsAt = Date.now() + retryForMs;
  for (;;) {
    try {
      return await source();
    } catch (error) {
      if (Date.now() + pauseMs > endsAt)
        throw new Error(`No AWS credentials within ${Math.round(retryForMs / 1_000)} s.`, { cause: error });
    }
    await sleep(pauseMs);
  }
}

let shared: CredentialSource | undefined;

/** The SDK's own chain (environment, profile, the instance's role), one for all clients of this process. */
export function processCredentials(): CredentialSource {
  shared ??= keepFresh(defaultProvider({ timeout: ANSWER_WITHIN_MS, maxRetries: 0 }));
  return shared;
}
