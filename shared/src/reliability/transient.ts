/**
 * One question for every consumer, sweep, loop and request: is this failure about the moment, or about the work itself?
 *
 * Transient: a part of the system is away, slow, full, throttles, or will not let us in. The same call succeeds when
 * that is over, so the work is tried again for as long as it takes. Not transient: the same call fails the same way
 * each time.
 */
export function isTransient(error: unknown): boolean {
  return judge(error, new Set()) ?? false;
}

/** For callers that know that the trouble will pass although the error itself does not say so. */
export class Unavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Unavailable";
  }
}

/** Of the AWS services that we use, of Node, of fetch and of Stripe's client. */
const TRANSIENT_NAMES: ReadonlySet<string> = new Set([
  "Unavailable",
  "AbortError",
  "TimeoutError",
  "RequestTimeout",
  "RequestTimeoutException",
  "InternalError",
  "InternalFailure",
  "ServiceUnavailable",
  "ServiceUnavailableException",
  "IncompleteBody",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "SlowDown",
  "BandwidthLimitExceeded",
  "LimitExceededException",
  "InsufficientCapacityException",
  "GlacierExpeditedRetrievalNotAvailable",
  "OperationAborted",
  "PolicyEnforcedException",
  "SendingPausedException",
  "AccountSuspendedException",
  // Credentials that are being replaced, rights or clocks that a person has to put right: never the message's fault.
  "AccessDenied",
  "AccessDeniedException",
  "CredentialsProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
  // A resource of the installation that is missing, not one of the message.
  "NoSuchBucket",
  "QueueDoesNotExist",
  "AWS.SimpleQueueService.NonExistentQueue",
]);

const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  // Of our own pool of connections: database/guarded-pool.ts.
  "DATABASE_UNAVAILABLE",
  "EAI_AGAIN",
  "EBUSY",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EDQUOT",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EMFILE",
  "ENETDOWN",
  "ENETUNREACH",
  "ENFILE",
  "ENOMEM",
  "ENOSPC",
  "ENOTFOUND",
  "EPIPE",
  "EROFS",
  "ETIMEDOUT",
  "ERR_STREAM_PREMATURE_CLOSE",
  // MySQL and MariaDB: https://mariadb.com/docs/server/reference/error-codes
  "ER_ACCESS_DENIED_ERROR",
  "ER_BAD_DB_ERROR",
  "ER_CON_COUNT_ERROR",
  "ER_CONNECTION_KILLED",
  "ER_DBACCESS_DENIED_ERROR",
  "ER_DISK_FULL",
  "ER_LOCK_DEADLOCK",
  "ER_LOCK_WAIT_TIMEOUT",
  "ER_NEW_ABORTING_CONNECTION",
  "ER_OPTION_PREVENTS_STATEMENT",
  "ER_OUT_OF_RESOURCES",
  "ER_OUTOFMEMORY",
  "ER_QUERY_INTERRUPTED",
  "ER_READ_ONLY_MODE",
  "ER_RECORD_FILE_FULL",
  "ER_SERVER_SHUTDOWN",
  "ER_STATEMENT_TIMEOUT",
  "ER_TABLEACCESS_DENIED_ERROR",
  "ER_TOO_MANY_USER_CONNECTIONS",
]);
const TRANSIENT_CODE_STARTS = ["UND_ERR_", "PROTOCOL_", "ER_NET_"];

/** mysql2 gives these no code. */
const TRANSIENT_MESSAGES =
  /^(Pool is closed|Queue limit reached|No connections available|Can't add new command when connection is in closed state|Can't write in closed state)/;

const STRIPE_TYPES: ReadonlySet<string> = new Set([
  "StripeConnectionError",
  "StripeAPIError",
  "StripeRateLimitError",
  "StripeAuthenticationError",
  "StripePermissionError",
]);

/** HTTP statuses below 500 that pass: who asks is not let in (yet), took too long, came too early or too often. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([401, 403, 408, 423, 425, 429]);
/** The server says that it will never do it: "not implemented" and "version not supported". */
const FINAL_STATUSES: ReadonlySet<number> = new Set([501, 505]);

/** Undefined: this error does not tell. The innermost error that tells decides last, the outermost first. */
function judge(error: unknown, seen: Set<unknown>): boolean | undefined {
  if (typeof error !== "object" || error === null || seen.has(error)) return undefined;
  seen.add(error);
  const own = judgeItself(error);
  if (own !== undefined) return own;
  if ("cause" in error) {
    const inner = judge(error.cause, seen);
    if (inner !== undefined) return inner;
  }
  if (error instanceof AggregateError) {
    const inner = error.errors.map((each) => judge(each, seen)).filter((each) => each !== undefined);
    if (inner.length > 0) return inner.includes(true);
  }
  return undefined;
}

function judgeItself(error: object): boolean | undefined {
  const name = textOf(error, "name") ?? "";
  if (TRANSIENT_NAMES.has(name)) return true;
  const code = textOf(error, "code") ?? "";
  if (TRANSIENT_CODES.has(code) || TRANSIENT_NAMES.has(code)) return true;
  if (TRANSIENT_CODE_STARTS.some((start) => code.startsWith(start))) return true;
  if ("fatal" in error && error.fatal === true) return true; // mysql2: the connection is gone
  if ("$retryable" in error && error.$retryable !== undefined) return true;
  if (STRIPE_TYPES.has(textOf(error, "type") ?? "")) return true;
  if (TRANSIENT_MESSAGES.test(textOf(error, "message") ?? "")) return true;
  const status = statusOf(error);
  if (status === undefined) return code.startsWith("ER_") ? false : undefined;
  return TRANSIENT_STATUSES.has(status) || (status >= 500 && !FINAL_STATUSES.has(status));
}

/** Of an SDK error, or of one with `statusCode` or `status` as Stripe's client and Express have it. */
function statusOf(error: object): number | undefined {
  const metadata = "$metadata" in error && typeof error.$metadata === "object" ? error.$metadata : undefined;
  for (const holder of [metadata, error]) {
    if (holder === undefined || holder === null) continue;
    for (const key of ["httpStatusCode", "statusCode", "status"]) {
      const value: unknown = Reflect.get(holder, key);
      if (typeof value === "number") return value;
    }
  }
  return undefined;
}

function textOf(error: object, key: string): string | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === "string" ? value : undefined;
}
