import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "@elastic-gas/shared/logger";
import { type KnownHosts, readTarget } from "./address.ts";
import { authenticate, signatureMismatch, unsigned } from "./auth/authenticate.ts";
import { AccessDeniedFault, authorize } from "./auth/authorize.ts";
import type { Identities, Identity } from "./auth/identities.ts";
import { requiredRights } from "./auth/required-rights.ts";
import { readSignature, type Signature } from "./auth/signature.ts";
import { chunkVerifier } from "./body/aws-chunked.ts";
import { IncomingBody, verifyBufferedBody } from "./body/incoming-body.ts";
import { readWholeBody } from "./body/whole-body.ts";
import type { BrowserAccess } from "./browser-access.ts";
import { describeError, internalError } from "./errors.ts";
import { type Call, Fault } from "./handler.ts";
import { HttpDate } from "./http-date.ts";
import type { Operation } from "./model.ts";
import { getOperation, type Head, handlerOf, protocolOf, readHead, type ServiceMount } from "./mount.ts";
import { bufferedPayloadHash, declaredPayloadHash } from "./payload-hash.ts";
import type { Protocol, Value, WireResponse } from "./protocol/protocol.ts";
import { parametersOf } from "./protocol/query-protocol.ts";
import { RequestCall } from "./request-call.ts";
import { type ResponseContext, sendResponse } from "./send.ts";
import type { ServiceId } from "./services.ts";
import { answerUnserved } from "./unserved.ts";

/** One call on its way to the handler, as the middleware sees it. */
export interface Invocation {
  readonly service: ServiceId;
  readonly operation: string;
  readonly input: Value;
  readonly call: Call;
  /** Cuts the connection: the caller gets no answer, whether or not the operation has been carried out. */
  hangUp(): void;
}

/**
 * Stands between routing and handler (fault injection, latency). `next` carries the operation out; throw a `Fault` to
 * answer an error.
 */
export type Middleware = (invocation: Invocation, next: () => Promise<Value>) => Promise<Value>;

export interface GatewayOptions {
  readonly mounts: readonly ServiceMount[];
  readonly identities: Identities;
  readonly region: string;
  readonly accountId: string;
  readonly hosts: KnownHosts;
  readonly log: Logger;
  readonly now: () => Date;
  readonly middleware: Middleware | undefined;
  /** How long nothing may come of a request's body before the caller is told so and cut off. */
  readonly bodyIdleMs: number;
  /** S3's unsigned ways in: preflights and POST forms, which carry their signature in the body. */
  readonly browser: BrowserAccess | undefined;
}

/** Answers AWS requests: finds the service, checks the signature, decodes, calls the handler, encodes. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #mountsBySigningName: ReadonlyMap<string, ServiceMount>;
  readonly #s3: ServiceMount | undefined;
  /** Whose words are used when not even the service can be told from a request. */
  readonly #mountOfUnreadable: ServiceMount;
  readonly #date: HttpDate;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#date = new HttpDate(options.now);
    this.#mountsBySigningName = new Map(options.mounts.map((mount) => [mount.description.signingName, mount]));
    this.#s3 = this.#mountsBySigningName.get("s3");
    const [first] = options.mounts;
    if (!first) throw new Error("A gateway needs a service.");
    this.#mountOfUnreadable = this.#s3 ?? first;
  }

  /** Never rejects: every failure becomes an answer, or a closed connection when an answer has begun. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    const head = this.#readHead(request);
    const context: ResponseContext = {
      requestId,
      date: this.#date.text(),
      isHead: head.method === "HEAD",
      extraHeaders: {},
    };
    let mount = this.#mountOfUnreadable;
    this.#watchBody(request, response, () =>
      this.#sendError(response, bodyTimeout(), mount, head, { ...context, extraHeaders: CLOSING }),
    );
    try {
      const signature = readSignature(head.headers, head.query);
      const service = signature?.version === "v4" ? signature.service : this.#unsignedService(head);
      const named = this.#mountsBySigningName.get(service);
      if (!named) return sendResponse(response, answerUnserved(service, head, requestId), context);
      mount = named;
      const call = new RequestCall(request, response, this.#options, requestId);
      if (mount === this.#s3 && this.#options.browser) {
        const answer = await this.#answerBrowser(this.#options.browser, head, request, call, signature, context);
        if (answer) return sendResponse(response, answer, context);
      }
      sendResponse(response, await this.#carryOut(mount, head, request, signature, call), context);
    } catch (error) {
      this.#sendError(response, error, mount, head, context);
    } finally {
      if (!request.readableEnded) request.resume(); // what a failed call left unread must not block the connection's next request
    }
  }

  /**
   * Node's own limit is one to the whole request, which a large upload over a slow line may take as long as it likes
   * for.
   */
  #watchBody(request: IncomingMessage, response: ServerResponse, refuse: () => void): void {
    if (request.complete) return;
    const { socket } = request;
    socket.setTimeout(this.#options.bodyIdleMs);
    request.once("timeout", () => {
      if (response.headersSent) socket.destroy();
      else refuse();
      response.once("finish", () => socket.destroy());
    });
    request.once("end", () => socket.setTimeout(0));
  }

  #readHead({ method = "GET", url = "/", headers }: IncomingMessage): Head {
    const { path, query } = readTarget(url);
    for (const [name, value] of query) {
      // Presigned addresses may carry in the query what would be a header otherwise.
      const header = name.toLowerCase();
      if (header.startsWith("x-amz-") && headers[header] === undefined && isHoistable(header)) headers[header] = value;
    }
    return { method, path, query, headers };
  }

  #unsignedService({ headers, path }: Head): string {
    const target = headers["x-amz-target"];
    for (const [name, { description }] of this.#mountsBySigningName) {
      const { targetPrefix } = description;
      if (targetPrefix === undefined) continue;
      if (
        (typeof target === "string" && target.startsWith(`${targetPrefix}.`)) ||
        path.startsWith(`/service/${targetPrefix}/`)
      )
        return name;
    }
    return headers["content-type"]?.startsWith("application/x-www-form-urlencoded") ? "sqs" : "s3";
  }

  async #answerBrowser(
    browser: BrowserAccess,
    head: Head,
    request: IncomingMessage,
    call: Call,
    signature: Signature | undefined,
    context: ResponseContext,
  ): Promise<WireResponse | undefined> {
    const path = this.#s3Path(head);
    if (head.method === "OPTIONS") return browser.preflight(path, head.headers);
    if (head.headers.origin !== undefined) context.extraHeaders = browser.responseHeaders(path, head);
    if (signature || head.method !== "POST" || !head.headers["content-type"]?.startsWith("multipart/form-data"))
      return undefined;
    checkLength(head.headers);
    return browser.postObject(path, request, call);
  }

  async #carryOut(
    mount: ServiceMount,
    head: Head,
    request: IncomingMessage,
    signature: Signature | undefined,
    call: RequestCall,
  ): Promise<WireResponse> {
    const routed = mount === this.#s3 ? { ...head, path: this.#s3Path(head) } : head;
    const reading = readHead(mount, routed);
    const { protocol } = reading;
    if (reading.operation?.inputStream !== undefined) {
      if (mount === this.#s3) checkLength(head.headers);
      const payloadHash = declaredPayloadHash(head, signature);
      const identity = this.#authenticate(mount, head, signature, payloadHash, call);
      const body = this.#openBody(request, signature, payloadHash, identity);
      try {
        return await this.#invoke(mount, reading.operation, protocol, { ...routed, body }, call);
      } finally {
        body.stop(); // a handler that failed has not read it
      }
    }
    const raw = await readWholeBody(request);
    this.#authenticate(mount, head, signature, bufferedPayloadHash(mount, head, signature, raw.bytes), call);
    if (mount === this.#s3) verifyBufferedBody(head.headers, raw.bytes, reading.operation?.hasBodyChecksum ?? false);
    const body = raw.isPacked ? await raw.inflate() : raw.bytes;
    const operation = reading.operation ?? getOperation(mount, actionOf({ ...head, body }), protocol);
    return this.#invoke(mount, operation, protocol, { ...routed, body }, call);
  }

  #authenticate(
    mount: ServiceMount,
    request: Head,
    signature: Signature | undefined,
    payloadHash: string,
    call: RequestCall,
  ): Identity {
    const service = mount.description.id;
    if (!signature) throw unsigned(service);
    const token = request.headers["x-amz-security-token"];
    const { identities, now } = this.#options;
    const identity = identities.find(service, signature.accessKeyId, typeof token === "string" ? token : undefined);
    authenticate({ service, request, signature, payloadHash }, identity.credentials, identity.keys, now());
    call.principal = identity.principal;
    return identity;
  }

  #openBody(
    request: IncomingMessage,
    signature: Signature | undefined,
    payloadHash: string,
    { keys }: Identity,
  ): IncomingBody {
    const isSignedChunks = payloadHash.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    if (isSignedChunks && signature?.version !== "v4") throw signatureMismatch("s3");
    const verifier =
      isSignedChunks && signature?.version === "v4" ? chunkVerifier(signature, keys.get(signature)) : undefined;
    return new IncomingBody(request, verifier);
  }

  async #invoke(
    mount: ServiceMount,
    operation: Operation,
    protocol: Protocol,
    request: Parameters<Protocol["decode"]>[1],
    call: RequestCall,
  ): Promise<WireResponse> {
    const handler = handlerOf(mount, operation);
    const input = protocol.decode(operation, request);
    const { middleware } = this.#options;
    const service = mount.description.id;
    authorize(service, call.principal, requiredRights(service, operation.name, input, call));
    const output = middleware
      ? await middleware({ service, operation: operation.name, input, call, hangUp: () => call.hangUp() }, () =>
          handler(input, call),
        )
      : await handler(input, call);
    return protocol.encode(operation, output, call.requestId);
  }

  #sendError(
    response: ServerResponse,
    error: unknown,
    mount: ServiceMount,
    head: Head,
    context: ResponseContext,
  ): void {
    const { log } = this.#options;
    // Whoever tries what a role may not do leaves a trace, as in CloudTrail. The sentence names caller, action and
    // resource, never a key.
    if (error instanceof AccessDeniedFault)
      log.warn({ service: mount.description.id, requestId: context.requestId, reason: error.message }, "call refused");
    if (response.destroyed || response.headersSent) return;
    const described = describeError(error, mount.model);
    if (!described)
      log.error(
        { err: error, service: mount.description.id, requestId: context.requestId },
        "AWS request failed unexpectedly",
      );
    const protocol = protocolOf(mount, head.headers);
    sendResponse(
      response,
      protocol.encodeError(described ?? internalError(mount === this.#s3), context.requestId),
      context,
    );
  }

  /** The path with the bucket in it, also when the caller put the bucket into the host name. */
  #s3Path({ path, headers }: Head): string {
    const bucket = this.#options.hosts.bucketOf(headers.host);
    return bucket === undefined ? path : `/${bucket}${path}`;
  }
}

const CLOSING = { connection: "close" };

function bodyTimeout(): Fault {
  const message =
    "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.";
  // S3's status: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
  return new Fault("RequestTimeout", message, 400);
}

/**
 * S3 takes no body of unknown length, except for one in signed or checksummed chunks that says how long its content is.
 */
function checkLength(headers: Head["headers"]): void {
  if (headers["content-length"] !== undefined || headers["x-amz-decoded-content-length"] !== undefined) return;
  if (headers["transfer-encoding"] === undefined)
    throw new Fault("MissingContentLength", "You must provide the Content-Length HTTP header.", 411);
  const message = "A header you provided implies functionality that is not implemented";
  throw new Fault("NotImplemented", message, 501, { fields: { Header: "Transfer-Encoding" } });
}

function isHoistable(header: string): boolean {
  return !/^x-amz-(algorithm|credential|date|expires|signature|signedheaders|target)$/.test(header);
}

function actionOf(request: Head & { readonly body: Buffer }): string {
  const action = parametersOf(request).find(([name]) => name === "Action")?.[1];
  if (action === undefined) throw new Fault("MissingAction", "The request must contain the parameter Action.");
  return action;
}
