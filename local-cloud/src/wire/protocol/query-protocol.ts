import { type QueryDialect, structureFromQuery } from "../codec/query.ts";
import { elementToXml, escapeXml, membersToXml } from "../codec/xml.ts";
import type { WireError } from "../errors.ts";
import type { Operation } from "../model.ts";
import { bufferOf, type Parameters, type Protocol, type Value, type WireRequest } from "./protocol.ts";

const HEADERS = { "content-type": "text/xml;charset=UTF-8" };
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** AWS query and EC2 query: parameters in, XML out. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
export function queryProtocol(dialect: QueryDialect, namespace: string): Protocol {
  return {
    decode: (operation, request) => structureFromQuery(operation.input, parametersOf(request), dialect),
    encode: (operation, output, requestId) => ({
      statusCode: 200,
      headers: HEADERS,
      body:
        DECLARATION +
        (dialect === "ec2"
          ? ec2Response(operation, output, namespace, requestId)
          : awsResponse(operation, output, namespace, requestId)),
    }),
    encodeError: (error, requestId) => ({
      statusCode: error.statusCode,
      headers: { ...HEADERS, ...error.headers },
      body: DECLARATION + (dialect === "ec2" ? ec2Error(error, requestId) : awsError(error, namespace, requestId)),
    }),
  };
}

/** Parameters of the body, or of the address for the few callers that use GET. */
export function parametersOf({ body, query }: Pick<WireRequest, "body" | "query">): Parameters {
  const form = bufferOf(body);
  return form.length === 0 ? query : [...new URLSearchParams(form.toString("utf8"))];
}

function ec2Response({ name, output: shape }: Operation, output: Value, namespace: string, requestId: string): string {
  const members = membersToXml(shape, output);
  const content = shape.members.length === 0 ? "<return>true</return>" : members;
  return `<${name}Response xmlns="${namespace}"><requestId>${requestId}</requestId>${content}</${name}Response>`;
}

function awsResponse({ name, output: shape }: Operation, output: Value, namespace: string, requestId: string): string {
  const result = elementToXml(`${name}Result`, shape, output);
  return `<${name}Response xmlns="${namespace}">${result}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>`;
}

function ec2Error({ queryCode, message }: WireError, requestId: string): string {
  return `<Response><Errors><Error><Code>${escapeXml(queryCode)}</Code><Message>${escapeXml(message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`;
}

function awsError(
  { queryCode, message, statusCode, shape, members }: WireError,
  namespace: string,
  requestId: string,
): string {
  const type = statusCode < 500 ? "Sender" : "Receiver";
  const details = shape ? membersToXml(shape, members, (member) => member.name.toLowerCase() !== "message") : "";
  return `<ErrorResponse xmlns="${namespace}"><Error><Type>${type}</Type><Code>${escapeXml(queryCode)}</Code><Message>${escapeXml(message)}</Message>${details}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}
