import type { Readable } from "node:stream";
import type { Principal } from "./auth/principal.ts";

/** What an operation's handler knows about the call besides its input. */
export interface Call {
  readonly requestId: string;
  /** Host and port that the caller used, such as `127.0.0.1:4566`: URLs in answers carry it. */
  readonly host: string;
  readonly region: string;
  readonly accountId: string;
  /** Who makes it. */
  readonly principal: Principal;
  /** Aborted when the caller hangs up. */
  readonly signal: AbortSignal;
}

/**
 * Members that stream: handlers receive their pieces (decoded, checked while they are read) and may answer with a
 * `Readable` or with bytes.
 */
type StreamMember = "Body" | "body";
type InputOf<Input> = { [Key in keyof Input]: Key extends StreamMember ? StreamInput<Input[Key]> : Input[Key] };
type OutputOf<Output> = {
  [Key in keyof Output as Key extends "$metadata" ? never : Key]: Key extends StreamMember
    ? StreamOutput<Output[Key]>
    : Output[Key];
};
// Only streaming members accept a web ReadableStream or carry the SDK's transformToString.
type StreamInput<Value> = ReadableStream extends Value ? AsyncIterable<Uint8Array> : Value;
type StreamOutput<Value> =
  NonNullable<Value> extends { transformToString(...args: never): unknown } ? Readable | Uint8Array : Value;

/**
 * One AWS operation. Input and output have the shapes of the SDK's `<Operation>CommandInput` and
 * `<Operation>CommandOutput`
 * (without `$metadata`). Expected failures are thrown: the SDK's own exception classes, or a `Fault`.
 */
export type Handler<Input, Output> = (input: InputOf<Input>, call: Call) => Promise<OutputOf<Output>>;

/**
 * Handlers of some operations of a client package: `HandlersOf<typeof import("@aws-sdk/client-sqs"), "SendMessage" |
 * "ReceiveMessage">`.
 */
export type HandlersOf<Client, Name extends OperationName<Client>> = {
  readonly [Key in Name]: CommandHandler<Client, Key>;
};

/** Names of the operations for which a client package exports a `*Command` class. */
export type OperationName<Client> = {
  [Key in keyof Client]: Key extends `${infer Name}Command` ? Name : never;
}[keyof Client];

type CommandHandler<Client, Name extends string> =
  Client extends Readonly<Record<`${Name}Command`, infer Command>>
    ? Command extends abstract new (
        ...args: never
      ) => { readonly input: infer Input; resolveMiddleware(...args: never): Result<infer Output> }
      ? Handler<Input, Output>
      : never
    : never;
type Result<Output> = (...args: never) => Promise<{ readonly output: Output }>;

export interface FaultDetails {
  /** Further elements of the error's body, such as S3's `<Key>`. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * An AWS error by its code, for services (EC2) whose clients ship no exception classes and for S3's many codes without
 * a class.
 */
export class Fault extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly details: FaultDetails;

  constructor(code: string, message: string, statusCode = 400, details: FaultDetails = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.statusCode = statusCode;
    this.details = details;
  }
}

const statusCodes = new WeakMap<object, number>();

/** Answers with another success status than the model's, such as 202 for a restore that has just begun. */
export function withStatus<Output extends object>(output: Output, statusCode: number): Output {
  statusCodes.set(output, statusCode);
  return output;
}

export function statusOf(output: object): number | undefined {
  return statusCodes.get(output);
}
