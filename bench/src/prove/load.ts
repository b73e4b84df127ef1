import { pause } from "@elastic-gas/shared/shutdown";

/** One request as its client saw it. Instants are epoch milliseconds. */
export interface Request {
  readonly kind: string;
  readonly sentAt: number;
  readonly ms: number;
  /** "ok", or what came instead. */
  readonly outcome: string;
}

export interface ClientsOptions {
  readonly kind: string;
  readonly clients: number;
  /**
   * From one request of a client to its next; a request that takes longer delays the next one. 0: one right after the
   * other.
   */
  readonly cycleMs: number;
  readonly signal: AbortSignal;
  /** Sends one request and gives "ok" or what came instead. */
  readonly call: () => Promise<string>;
  readonly seen: (request: Request) => void;
}

/**
 * Closed-loop clients that keep a pace: together they send clients/cycle requests a second while the answers come in
 * time, and never have more than one request each under way, so that an overload waits instead of piling up. Resolves
 * after the signal aborted and every answer has come.
 */
export async function runClients(options: ClientsOptions): Promise<void> {
  const { clients, cycleMs, signal, call, seen, kind } = options;
  const client = async (index: number) => {
    let due = Date.now() + (cycleMs * index) / clients;
    while (!signal.aborted) {
      await pause(Math.max(0, due - Date.now()), signal);
      if (signal.aborted) return;
      const sentAt = Date.now();
      const outcome = await call().catch(wordsOf);
      seen({ kind, sentAt, ms: Date.now() - sentAt, outcome });
      due = Math.max(due + cycleMs, Date.now());
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
}

/** The smallest value that at least `share` of the values do not exceed; null without values. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : `${error.name}: ${error.message}`;
}
