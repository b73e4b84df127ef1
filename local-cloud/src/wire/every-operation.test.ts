import { buffer } from "node:stream/consumers";
import * as CloudWatch from "@aws-sdk/client-cloudwatch";
import * as Ec2 from "@aws-sdk/client-ec2";
import * as Elbv2 from "@aws-sdk/client-elastic-load-balancing-v2";
import * as Glacier from "@aws-sdk/client-glacier";
import * as S3 from "@aws-sdk/client-s3";
import * as Ses from "@aws-sdk/client-sesv2";
import * as Sqs from "@aws-sdk/client-sqs";
import { startTestCloud, type TestCloud } from "@elastic-gas/testing/local-cloud/test-cloud";
import { SmithyRpcV2CborProtocol } from "@smithy/core/cbor";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Operation } from "./model.ts";
import { readModel } from "./model.ts";
import type { ServiceId } from "./services.ts";
import type { Member, Shape, StructureShape } from "./shape.ts";

// Random inputs and outputs of every implemented operation, through the real client and back.

type Fields = Record<string, unknown>;
interface Sender {
  send(command: object): Promise<Fields>;
  destroy(): void;
}

const IS_PROOF = process.env.PROVE === "1";
const RUNS = IS_PROOF ? 80 : 8;
let cloud: TestCloud;
const clients = new Map<string, Sender>();
let received: Fields = {};
let answer: Fields = {};

beforeAll(async () => {
  cloud = await startTestCloud({
    // Takes the place of every handler.
    middleware: async ({ input }) => {
      received = Object.fromEntries(
        await Promise.all(
          Object.entries(input).map(async ([name, value]) => [name, isStreamed(value) ? await buffer(value) : value]),
        ),
      );
      return answer;
    },
  });
  const config = cloud.clientConfig;
  const add = (name: string, client: object) => clients.set(name, client as Sender); // every client's `send` takes its commands
  add("ec2", new Ec2.EC2Client(config));
  add("elbv2", new Elbv2.ElasticLoadBalancingV2Client(config));
  add("cloudwatch", new CloudWatch.CloudWatchClient(config));
  add("cloudwatch over CBOR", new CloudWatch.CloudWatchClient({ ...config, protocol: SmithyRpcV2CborProtocol }));
  add("sqs", new Sqs.SQSClient({ ...config, md5: false }));
  add("s3", new S3.S3Client({ ...config, forcePathStyle: true, responseChecksumValidation: "WHEN_REQUIRED" }));
  add("glacier", new Glacier.GlacierClient(config));
  add("ses", new Ses.SESv2Client(config));
});
afterAll(async () => {
  for (const client of clients.values()) client.destroy();
  await cloud[Symbol.asyncDispose]();
});

const MODULES = {
  ec2: Ec2,
  elbv2: Elbv2,
  cloudwatch: CloudWatch,
  sqs: Sqs,
  s3: S3,
  glacier: Glacier,
  ses: Ses,
} satisfies Partial<Record<ServiceId, object>>;
type Id = keyof typeof MODULES;

// What the S3 client computes, checks or moves by itself.
const S3_CLIENT_OWN = /^(Checksum\w*|ContentMD5|ContentLength|\w*SSECustomer\w*|Expires(String)?|MFA)$/;
// SES: part of a host name. Glacier: the HTTP status, of which a content range makes 206.
const NOT_SENT: Partial<Record<Id, readonly string[]>> = { ses: ["EndpointId"], glacier: ["status"] };
const skip = (id: Id) => (name: string) =>
  (id === "s3" && S3_CLIENT_OWN.test(name)) || NOT_SENT[id]?.includes(name) === true;
const fixedInputs = (id: Id): Record<string, fc.Arbitrary<unknown>> => {
  if (id === "sqs")
    return { QueueUrl: fc.constantFrom("a", "b-c.fifo").map((name) => `${cloud.endpoint}/000000000000/${name}`) };
  // The client's tree hash fails on an empty body.
  if (id === "glacier") return { body: fc.uint8Array({ minLength: 1, maxLength: 40 }) };
  if (id === "s3")
    return { Bucket: fc.constantFrom("bucket-one", "two.dots"), PartNumber: fc.integer({ min: 1, max: 10_000 }) };
  return {};
};
// The client refuses these answers without their body.
const fixedOutputs = (id: Id): Record<string, fc.Arbitrary<unknown>> =>
  id === "s3"
    ? {
        LocationConstraint: fc.constant("eu-west-1"),
        CopyObjectResult: fc.constant({ ETag: '"a&b"' }),
        CopyPartResult: fc.constant({ ETag: '"c"' }),
        ETag: fc.constant('"d"'),
        // The whole body of its answer: an empty one is none.
        Policy: fc.constant('{"Version":"2012-10-17"}'),
      }
    : {};

describe.each<[string, Id]>([
  ["ec2", "ec2"],
  ["elbv2", "elbv2"],
  ["cloudwatch", "cloudwatch"],
  ["cloudwatch over CBOR", "cloudwatch"],
  ["sqs", "sqs"],
  ["s3", "s3"],
  ["glacier", "glacier"],
  ["ses", "ses"],
])("%s", (clientName, id) => {
  const model = readModel(MODULES[id]);

  test(
    "gives each operation what the client sent, and the client what it answered",
    async () => {
      const names = cloud.operations[id] ?? [];
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) await checkOperation(name);
    },
    IS_PROOF ? 900_000 : 60_000,
  );

  async function checkOperation(name: string): Promise<void> {
    const operation = model.operations.get(name);
    const Command: unknown = Reflect.get(MODULES[id], `${name}Command`);
    const client = clients.get(clientName);
    if (!operation || typeof Command !== "function" || !client) throw new Error(`no ${name}`);
    const input$ = inputOf(operation, { skip: skip(id), fixed: fixedInputs(id) });
    const output$ = outputOf(operation, { skip: skip(id), fixed: fixedOutputs(id) });
    await fc.assert(
      fc.asyncProperty(input$, output$, async (input, output) => {
        received = {};
        answer = output;
        const { $metadata: _metadata, ...result } = await client.send(Reflect.construct(Command, [input]));
        const seen = await readResult(result, skip(id));
        // Clients add members by themselves (checksums, tokens, content types), so only those that were sent count.
        const sent = Object.fromEntries(Object.keys(input).map((key) => [key, received[key]]));
        expect({ operation: name, input: normalise(sent) }).toEqual({ operation: name, input: normalise(input) });
        expect({ operation: name, output: normalise(seen) }).toEqual({
          operation: name,
          output: normalise(withoutEmptyBody(output)),
        });
      }),
      { numRuns: RUNS },
    );
  }
});

/** An empty stream is as good as none. */
function withoutEmptyBody(output: Fields): Fields {
  return Object.fromEntries(
    Object.entries(output).filter(
      ([name, value]) => !(/^body$/i.test(name) && value instanceof Uint8Array && value.length === 0),
    ),
  );
}

/**
 * What the client gives back, as far as the answer says it: streams read, and without the length that comes with every
 * body.
 */
async function readResult(result: Fields, skipped: (name: string) => boolean): Promise<Fields> {
  const entries = await Promise.all(
    Object.entries(result).map(
      async ([name, value]) => [name, isStreamed(value) ? await buffer(value) : value] as const,
    ),
  );
  return Object.fromEntries(
    entries.filter(([name, value]) => !skipped(name) && !(Buffer.isBuffer(value) && value.length === 0)),
  );
}

/** Random values that a schema allows, for tests that send every operation over the wire. */
interface ValueOptions {
  /** Members at the top that a client rewrites or checks by itself. */
  readonly skip: (name: string) => boolean;
  /** Values that must have a form of their own, such as a bucket's name. */
  readonly fixed: Readonly<Record<string, fc.Arbitrary<unknown>>>;
}

const MAX_DEPTH = 4;
// Not of white space alone: that is what the client's own XML reader drops.
const TEXT = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(...'aZ0é&<>"+% /\t\n=', "'", "\u{1F9EC}", "\u2028", "]]>"),
      maxLength: 8,
    }),
    fc.constantFrom("", " padded ", "true", "12", "2020-01-01T00:00:00Z", "__proto__"),
  )
  .filter((text) => text === "" || text.trim() !== "");
const HEADER_TEXT = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9 ."()&<+%/-]{0,6}[A-Za-z0-9])?$/);
const LABEL_TEXT = fc.stringMatching(/^[a-z é+%&=~'()*-][a-z/é+%&=~'()*-]{0,8}[a-z]$/);
const TOKEN = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const NUMBER = fc.oneof(fc.integer({ min: -1000, max: 2 ** 31 }), fc.constantFrom(0, 0.5, -2.25));
const TIMESTAMP = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000));
const BYTES = fc.uint8Array({ maxLength: 40 });

function inputOf(operation: Operation, options: ValueOptions): fc.Arbitrary<Record<string, unknown>> {
  return structure(operation.input, 0, options);
}

function outputOf(operation: Operation, options: ValueOptions): fc.Arbitrary<Record<string, unknown>> {
  return structure(operation.output, 0, options);
}

function structure(shape: StructureShape, depth: number, options: ValueOptions): fc.Arbitrary<Record<string, unknown>> {
  const members = shape.members.filter(
    (member) => (depth > 0 || !options.skip(member.name)) && (depth < MAX_DEPTH || isScalar(member.shape)),
  );
  const isRequired = (member: Member) =>
    member.required || member.traits.idempotencyToken !== undefined || member.traits.httpLabel !== undefined;
  const arbitraries = members.map((member) => {
    const fixed = depth === 0 ? options.fixed[member.name] : undefined;
    if (fixed) return fixed;
    const value = memberValue(member, depth, options);
    // Few members of each structure: EC2's have hundreds, three levels deep.
    const share = Math.max(1, Math.round(members.length / 6));
    if (isRequired(member) && depth < 2) return value;
    return fc.oneof({ weight: share, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: value });
  });
  return fc
    .tuple(...arbitraries)
    .map((values) =>
      Object.fromEntries(
        members.flatMap(({ name }, index) => (values[index] === undefined ? [] : [[name, values[index]]])),
      ),
    );
}

function memberValue({ shape, traits }: Member, depth: number, options: ValueOptions): fc.Arbitrary<unknown> {
  if (traits.httpResponseCode) return fc.constant(200);
  if (traits.httpPrefixHeaders !== undefined)
    return fc.dictionary(TOKEN, HEADER_TEXT, { maxKeys: 3, noNullPrototype: true });
  if (traits.httpHeader !== undefined)
    return shape.kind === "list" ? fc.array(TOKEN, { minLength: 1, maxLength: 3 }) : scalar(shape, HEADER_TEXT);
  if (traits.httpLabel !== undefined) return scalar(shape, LABEL_TEXT);
  return anyValue(shape, depth + 1, options);
}

function anyValue(shape: Shape, depth: number, options: ValueOptions): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "structure":
      return structure(shape, depth, options);
    case "list":
      return fc.array(anyValue(shape.item, depth, options), { maxLength: 3 });
    case "map":
      return fc.dictionary(fc.oneof(TOKEN, fc.constantFrom("é&", "a b")), anyValue(shape.value, depth, options), {
        maxKeys: 3,
        noNullPrototype: true,
      });
    case "string":
    case "number":
    case "boolean":
    case "blob":
    case "timestamp":
    case "document":
      return scalar(shape, TEXT);
  }
}

function scalar(shape: Shape, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "number":
      return NUMBER;
    case "boolean":
      return fc.boolean();
    case "timestamp":
      return TIMESTAMP;
    case "blob":
      return BYTES;
    case "string":
    case "document":
    case "structure":
    case "list":
    case "map":
      return text;
  }
}

function isScalar(shape: Shape): boolean {
  return shape.kind !== "structure" && shape.kind !== "list" && shape.kind !== "map";
}

/**
 * The value without what most protocols cannot tell from absence: empty lists, maps and structures. Bytes become
 * base64.
 */
function normalise(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(normalise).filter((item) => !isEmpty(item));
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, field]) => [name, normalise(field)] as const)
      .filter(([, field]) => field !== null && field !== undefined && !isEmpty(field)),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Date) && Object.keys(value).length === 0;
}

function isStreamed(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
