import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { GetObjectCommand, HeadObjectCommand, S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { MessageRejected, SESv2Client, SendEmailCommand } from "@aws-sdk/client-sesv2";
import { createTestDatabase } from "@elastic-gas/testing/database";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ZodError } from "zod";
import { connectDatabase } from "../database/connect.ts";
import { findFreePort } from "../free-port.ts";
import { isTransient, Unavailable } from "./transient.ts";

const coded = (code: string, changes: object = {}) => Object.assign(new Error(code), { code }, changes);
const named = (name: string, changes: object = {}) => Object.assign(new Error(name), { name }, changes);
const answered = (name: string, httpStatusCode: number) =>
  new S3ServiceException({ name, message: name, $fault: "client", $metadata: { httpStatusCode } });
const because = (cause: unknown) => new Error("Could not do it", { cause });

describe("what passes by itself", () => {
  it.each<readonly [string, unknown]>([
    ["an SDK answer 500", answered("InternalError", 500)],
    ["an SDK answer 502 without a name", answered("UnknownError", 502)],
    ["an SDK answer 503", answered("SlowDown", 503)],
    ["an SDK answer 429", answered("UnknownError", 429)],
    ["throttling, which SQS and SES answer with 400", answered("ThrottlingException", 400)],
    ["a request that S3 found too slow, 400", answered("RequestTimeout", 400)],
    ["rights that are missing", answered("AccessDenied", 403)],
    ["a HEAD that is not let in, which has no body to name it", answered("Forbidden", 403)],
    ["credentials that are being replaced", answered("ExpiredToken", 400)],
    ["a clock that is an hour off", answered("RequestTimeTooSkewed", 403)],
    ["a bucket that is missing", answered("NoSuchBucket", 404)],
    ["what the SDK marks as to be tried again", Object.assign(answered("Strange", 400), { $retryable: {} })],
    ["mail that an operator paused", named("SendingPausedException", { $metadata: { httpStatusCode: 400 } })],
    ["an SDK time-out", named("TimeoutError")],
    ["an aborted request", named("AbortError")],
    ["a connection that was reset", coded("ECONNRESET")],
    ["a pool that has no connection to give", coded("DATABASE_UNAVAILABLE")],
    ["a name that is not resolved", coded("ENOTFOUND")],
    ["a body that ended early", coded("ERR_STREAM_PREMATURE_CLOSE")],
    ["undici's own time-out", coded("UND_ERR_HEADERS_TIMEOUT")],
    ["fetch failed, for the reason in its cause", new TypeError("fetch failed", { cause: coded("ECONNREFUSED") })],
    ["both addresses of a host refused", new AggregateError([coded("ECONNREFUSED"), coded("EHOSTUNREACH")])],
    ["a disk that is full", coded("ENOSPC")],
    ["too many open files", coded("EMFILE")],
    ["a database connection that was lost", coded("PROTOCOL_CONNECTION_LOST", { fatal: true })],
    ["a deadlock", coded("ER_LOCK_DEADLOCK", { errno: 1213 })],
    ["too many connections", coded("ER_CON_COUNT_ERROR", { errno: 1040 })],
    ["a database that only reads", coded("ER_OPTION_PREVENTS_STATEMENT", { errno: 1290 })],
    ["a database that shuts down", coded("ER_SERVER_SHUTDOWN", { errno: 1053 })],
    ["a pool that is at its limit", new Error("Queue limit reached.")],
    ["a connection that is closed", new Error("Can't add new command when connection is in closed state")],
    ["Stripe not reached", named("Error", { type: "StripeConnectionError" })],
    ["Stripe too often", named("Error", { type: "StripeRateLimitError", statusCode: 429 })],
    ["Stripe 500", named("Error", { type: "StripeAPIError", statusCode: 500 })],
    ["our own 503", named("HttpError", { status: 503 })],
    ["what the caller knows to pass", new Unavailable("The engine is being replaced")],
    ["any of these as the cause of another error", because(because(answered("InternalError", 500)))],
  ])("%s", (_, error) => {
    expect(isTransient(error)).toBe(true);
  });
});

describe("what fails the same way each time", () => {
  it.each<readonly [string, unknown]>([
    ["a programming error", new TypeError("x is undefined")],
    ["a body that the schema refuses", new ZodError([])],
    ["an object that is gone", answered("NoSuchKey", 404)],
    ["a request that S3 does not understand", answered("InvalidRequest", 400)],
    ["what a service does not do", answered("NotImplemented", 501)],
    ["a mail that SES refuses", new MessageRejected({ message: "not verified", $metadata: { httpStatusCode: 400 } })],
    ["a row that exists", coded("ER_DUP_ENTRY", { errno: 1062 })],
    ["SQL that is wrong", coded("ER_PARSE_ERROR", { errno: 1064 })],
    ["a file that is not there", coded("ENOENT")],
    ["a card that Stripe declines", named("Error", { type: "StripeCardError", statusCode: 402 })],
    [
      "a refusal whose cause would pass: the outer error knows more",
      Object.assign(because(coded("ECONNRESET")), { status: 404 }),
    ],
    ["an error without a word about it", new Error("no")],
    ["no error at all", undefined],
    ["a text", "ECONNRESET"],
  ])("%s", (_, error) => {
    expect(isTransient(error)).toBe(false);
  });

  it("an error that is its own cause", () => {
    const error: Error & { cause?: unknown } = new Error("round");
    error.cause = error;
    expect(isTransient(error)).toBe(false);
  });
});

describe("errors as the libraries really throw them", () => {
  let server: Server;
  let endpoint: string;
  let answer = 503;

  beforeAll(async () => {
    server = createServer((_, response) => {
      if (answer === 0) return; // silent
      response.writeHead(answer, { "content-type": "application/json" }).end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // a TCP server's address is an object
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const client = () => ({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
    forcePathStyle: true,
    requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true },
  });
  const mail = () => new SendEmailCommand({ Content: {}, Destination: { ToAddresses: ["a@example.org"] } });
  const thrown = async (work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      return error;
    }
    throw new Error("nothing was thrown");
  };

  it.each([
    [503, true],
    [429, true],
    [403, true],
    [404, false],
    [400, false],
    [0, true],
  ])("the SDK after an answer %i (0: none within the time): %s", async (status, expected) => {
    answer = status;
    const s3 = new S3Client(client());
    expect(isTransient(await thrown(s3.send(new HeadObjectCommand({ Bucket: "b", Key: "k" }))))).toBe(expected);
    expect(isTransient(await thrown(new SESv2Client(client()).send(mail())))).toBe(expected);
  });

  it("the SDK, fetch and mysql2 when nobody listens", async () => {
    const port = await findFreePort();
    const nowhere = `http://127.0.0.1:${port}`;
    const s3 = new S3Client({ ...client(), endpoint: nowhere });
    expect(isTransient(await thrown(s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }))))).toBe(true);
    expect(isTransient(await thrown(fetch(nowhere)))).toBe(true);
    const db = connectDatabase({ url: `mysql://nobody@127.0.0.1:${port}/none` });
    expect(isTransient(await thrown(sql`select 1`.execute(db)))).toBe(true);
    await db.destroy();
  });

  it("MariaDB: a connection that is ended in the middle passes, a statement that is wrong does not", async () => {
    await using database = await createTestDatabase();
    const killed = thrown(
      database.db.connection().execute(async (own) => {
        const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(own);
        await sql.raw(`kill ${rows[0]?.id}`).execute(database.db);
        await sql`select 1`.execute(own);
      }),
    );
    expect(isTransient(await killed)).toBe(true);
    expect(isTransient(await thrown(sql`select nothing from nowhere`.execute(database.db)))).toBe(false);
    expect(isTransient(await thrown(sql`selec 1`.execute(database.db)))).toBe(false);
  });
});
