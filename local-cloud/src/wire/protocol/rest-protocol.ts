import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import { scalarFromText, scalarToText } from "../codec/scalar.ts";
import { structureFromTree, valueToTree } from "../codec/tree.ts";
import { elementToXml, escapeXml, membersFromXml, membersToXml, valueFromXml } from "../codec/xml.ts";
import { readXml } from "../codec/xml-read.ts";
import type { WireError } from "../errors.ts";
import { statusOf } from "../handler.ts";
import type { Operation } from "../model.ts";
import type { Member, Shape, StructureShape } from "../shape.ts";
import {
  bufferOf,
  type Parameters,
  type Protocol,
  type Value,
  type WireRequest,
  type WireResponse,
} from "./protocol.ts";
import type { RestRouter } from "./rest-router.ts";
import { errorTree, parseJson } from "./tree-protocol.ts";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * REST with XML or JSON bodies: members travel in path, query, headers and body.
 * https://smithy.io/2.0/spec/http-bindings.html
 */
export function restProtocol(format: "xml" | "json", namespace: string, router: RestRouter): Protocol {
  return {
    decode: (operation, request) => ({
      ...readHead(operation.input, request, router),
      ...readBody(operation.input, request, format),
    }),
    encode: (operation, output) => encodeOutput(operation, output, format, namespace),
    encodeError: (error, requestId) => (format === "xml" ? xmlError(error, requestId) : jsonError(error)),
  };
}

function readHead(shape: StructureShape, request: WireRequest, router: RestRouter): Value {
  const { labels } = router.route(request);
  const value: Value = {};
  for (const member of shape.members) {
    const field = readHeadMember(member, request, labels);
    if (field !== undefined) value[member.name] = field;
  }
  return value;
}

function readHeadMember(
  { name, shape, traits }: Member,
  request: WireRequest,
  labels: Readonly<Record<string, string>>,
): unknown {
  const { headers, query } = request;
  if (traits.httpLabel) {
    const label = labels[name];
    return label === undefined ? undefined : scalarFromText(shape, label, "date-time");
  }
  if (traits.httpHeader !== undefined) return readHeader(shape, headers[traits.httpHeader.toLowerCase()]);
  if (traits.httpPrefixHeaders !== undefined) return readPrefixHeaders(headers, traits.httpPrefixHeaders.toLowerCase());
  if (traits.httpQuery !== undefined) return readQuery(shape, traits.httpQuery, query);
  return undefined;
}

function readHeader(shape: Shape, header: string | string[] | undefined): unknown {
  if (header === undefined) return undefined;
  const text = Array.isArray(header) ? header.join(", ") : header;
  if (shape.kind !== "list") return scalarFromText(shape, text, "http-date");
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => scalarFromText(shape.item, part, "http-date"));
}

function readPrefixHeaders(headers: IncomingHttpHeaders, prefix: string): Value | undefined {
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  return found.length === 0
    ? undefined
    : Object.fromEntries(found.map(([name, text]) => [name.slice(prefix.length), String(text)]));
}

function readQuery(shape: Shape, name: string, query: Parameters): unknown {
  const texts = query.filter(([given]) => given === name).map(([, text]) => text);
  const [first] = texts;
  if (first === undefined) return undefined;
  return shape.kind === "list"
    ? texts.map((text) => scalarFromText(shape.item, text, "date-time"))
    : scalarFromText(shape, first, "date-time");
}

function readBody(shape: StructureShape, { body }: WireRequest, format: "xml" | "json"): Value {
  const payload = shape.members.find(({ traits }) => traits.httpPayload);
  if (payload) return readPayload(payload, body, format);
  if (!shape.members.some(isInBody)) return {};
  const bytes = bufferOf(body);
  if (bytes.length === 0) return {};
  // Members that travel elsewhere are not read from the body even when a caller puts them there.
  const bodyShape: StructureShape = { ...shape, members: shape.members.filter(isInBody) };
  if (format === "xml") return membersFromXml(bodyShape, readXml(bytes.toString("utf8")));
  return structureFromTree(bodyShape, Object(parseJson(bytes)), "json");
}

function readPayload({ name, shape }: Member, body: WireRequest["body"], format: "xml" | "json"): Value {
  if (!Buffer.isBuffer(body)) return { [name]: body };
  if (shape.kind === "blob") return { [name]: shape.streaming ? Readable.from(body, { objectMode: false }) : body };
  if (body.length === 0) return {};
  if (shape.kind === "string") return { [name]: body.toString("utf8") };
  if (format === "xml") return { [name]: valueFromXml(shape, readXml(body.toString("utf8"))) };
  return shape.kind === "structure" ? { [name]: structureFromTree(shape, Object(parseJson(body)), "json") } : {};
}

function isInBody({ traits }: Member): boolean {
  const { httpLabel, httpHeader, httpPrefixHeaders, httpQuery, httpQueryParams, httpPayload, httpResponseCode } =
    traits;
  return !(
    httpLabel ||
    httpHeader !== undefined ||
    httpPrefixHeaders !== undefined ||
    httpQuery !== undefined ||
    httpQueryParams ||
    httpPayload ||
    httpResponseCode
  );
}

function encodeOutput(operation: Operation, output: Value, format: "xml" | "json", namespace: string): WireResponse {
  const headers: Record<string, string> = {};
  let statusCode = statusOf(output) ?? operation.http?.statusCode ?? 200;
  for (const { name, shape, traits } of operation.output.members) {
    const field = output[name];
    if (field === undefined || field === null) continue;
    if (traits.httpHeader !== undefined) headers[traits.httpHeader.toLowerCase()] = headerText(shape, field);
    else if (traits.httpPrefixHeaders !== undefined) addPrefixHeaders(headers, traits.httpPrefixHeaders, field);
    else if (traits.httpResponseCode) statusCode = Number(field);
  }
  // The schemas know no partial content: a content range is what makes an answer partial.
  if (statusCode === 200 && headers["content-range"] !== undefined) statusCode = 206;
  const { body, contentType } = encodeBody(operation, output, format, namespace);
  if (contentType !== undefined && headers["content-type"] === undefined) headers["content-type"] = contentType;
  return { statusCode, headers, body };
}

function addPrefixHeaders(headers: Record<string, string>, prefix: string, field: unknown): void {
  for (const [key, text] of Object.entries(Object(field))) headers[(prefix + key).toLowerCase()] = String(text);
}

function headerText(shape: Shape, value: unknown): string {
  if (shape.kind === "list" && Array.isArray(value))
    return value.map((item: unknown) => scalarToText(shape.item, item, "http-date")).join(", ");
  return scalarToText(shape, value, "http-date");
}

interface EncodedBody {
  readonly body: WireResponse["body"];
  readonly contentType: string | undefined;
}

function encodeBody(
  { name, output: shape }: Operation,
  output: Value,
  format: "xml" | "json",
  namespace: string,
): EncodedBody {
  const payload = shape.members.find(({ traits }) => traits.httpPayload);
  if (payload) return encodePayload(payload, output[payload.name], format, namespace);
  const contentType = format === "xml" ? "application/xml" : "application/json";
  if (name === "GetBucketLocation") return { body: locationConstraint(output, namespace), contentType };
  if (!shape.members.some(isInBody)) return { body: undefined, contentType: undefined };
  const bodyShape: StructureShape = { ...shape, members: shape.members.filter(isInBody) };
  if (format === "json") return { body: JSON.stringify(valueToTree(bodyShape, output, "json")), contentType };
  const root = shape.traits.xmlName ?? name;
  return { body: DECLARATION + elementToXml(root, bodyShape, output, namespace), contentType };
}

function encodePayload(
  { name, shape, traits }: Member,
  value: unknown,
  format: "xml" | "json",
  namespace: string,
): EncodedBody {
  if (value === undefined || value === null) return { body: undefined, contentType: undefined };
  if (value instanceof Readable || value instanceof Uint8Array) return { body: value, contentType: undefined };
  if (shape.kind !== "structure") return { body: String(value), contentType: undefined };
  if (format === "json")
    return { body: JSON.stringify(valueToTree(shape, value, "json")), contentType: "application/json" };
  const root = traits.xmlName ?? shape.traits.xmlName ?? shape.name ?? name;
  return { body: DECLARATION + elementToXml(root, shape, value, namespace), contentType: "application/xml" };
}

/** The one answer that the schema cannot produce: the member is the root element's text. */
function locationConstraint(output: Value, namespace: string): string {
  const location = output.LocationConstraint;
  return `${DECLARATION}<LocationConstraint xmlns="${namespace}">${location === undefined ? "" : escapeXml(String(location))}</LocationConstraint>`;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
/** How errors look where no operation is known. */
export const restErrors = { xml: xmlError, json: jsonError } as const;

function xmlError(
  { code, message, statusCode, fields, headers, shape, members }: WireError,
  requestId: string,
): WireResponse {
  if (statusCode === 304) return { statusCode, headers, body: undefined };
  const details = Object.entries(fields).map(([name, text]) => `<${name}>${escapeXml(text)}</${name}>`);
  const modelled = shape
    ? membersToXml(shape, members, ({ name }) => name.toLowerCase() !== "message" && !(name in fields))
    : "";
  const body = `${DECLARATION}<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>${details.join("")}${modelled}<RequestId>${requestId}</RequestId></Error>`;
  return { statusCode, headers: { "content-type": "application/xml", ...headers }, body };
}

function jsonError(error: WireError): WireResponse {
  return {
    statusCode: error.statusCode,
    headers: { "content-type": "application/json", "x-amzn-errortype": error.code, ...error.headers },
    body: JSON.stringify({ code: error.code, ...errorTree(error, "json") }),
  };
}
