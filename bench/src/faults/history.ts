import type {
  Download,
  Expectation,
  FaultRecord,
  Payment,
  Registration,
  RequestRecord,
  Span,
  Submission,
} from "./evidence.ts";

/** What clients and the injector saw, as it happens. */
export interface History {
  readonly requests: RequestRecord[];
  readonly registrations: Registration[];
  readonly submissions: Submission[];
  readonly downloads: Download[];
  readonly payments: Payment[];
  readonly faults: Omit<FaultRecord, "hits">[];
  readonly resizes: Span[];
  readonly expectations: Expectation[];
}

export function emptyHistory(): History {
  return {
    requests: [],
    registrations: [],
    submissions: [],
    downloads: [],
    payments: [],
    faults: [],
    resizes: [],
    expectations: [],
  };
}

/** Sends a request and notes how it went; undefined when no answer came. */
export async function noteRequest<Answered extends { readonly status: number; readonly retryAfter: string | null }>(
  { requests }: Pick<History, "requests">,
  kind: RequestRecord["kind"],
  send: () => Promise<Answered>,
): Promise<Answered | undefined> {
  const at = Date.now();
  try {
    const answer = await send();
    const { status, retryAfter } = answer;
    requests.push({ kind, at, ms: Date.now() - at, status, failure: null, hasRetryAfter: retryAfter !== null });
    return answer;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const failure = cause instanceof Error ? cause.message : String(cause);
    requests.push({ kind, at, ms: Date.now() - at, status: null, failure, hasRetryAfter: false });
    return undefined;
  }
}

/** Notes whether something went on as it had to; what it says is the failure. */
export async function expectOf(
  { expectations }: Pick<History, "expectations">,
  what: string,
  look: () => Promise<string | null>,
): Promise<void> {
  const failure = await look().catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  expectations.push({ at: Date.now(), what, failure });
}
