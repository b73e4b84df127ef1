/** What an operation's handler knows about the call besides its input. */
export interface Call {
  readonly requestId: string;
  /** Host and port that the caller used, such as `127.0.0.1:4566`: URLs in answers carry it. */
  readonly host: string;
  readonly region: string;
  readonly accountId: string;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

/**
 * One AWS operation. Input and output have the shapes of the SDK's `<Operation>CommandInput` and `<Operation>CommandOutput`
 * (without `$metadata`). Expected failures are thrown: the SDK's own exception classes, or a `Fault`.
 */
export type Handler<Input, Output> = (input: Input, call: Call) => Promise<Omit<Output, "$metadata">>;

/** An AWS error by its code, for services (EC2) whose clients ship no exception classes. */
export class Fault extends Error {
  readonly code: string;
  readonly statusCode: number;

  constructor(code: string, message: string, statusCode = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.statusCode = statusCode;
  }
}
