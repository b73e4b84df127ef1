import { cbor } from "@smithy/core/cbor";
import { type TreeFormat, treeToValue, valueToTree } from "../codec/tree.ts";
import type { WireError } from "../errors.ts";
import { Fault } from "../handler.ts";
import type { StructureShape } from "../shape.ts";
import { bufferOf, type Protocol, type Value } from "./protocol.ts";

/** AWS JSON 1.0. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
export const jsonProtocol: Protocol = treeProtocol("json", "application/x-amz-json-1.0", {});
/** RPC v2 CBOR. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html */
export const cborProtocol: Protocol = treeProtocol("cbor", "application/cbor", { "smithy-protocol": "rpc-v2-cbor" });

export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Fault("SerializationException", "The request body is not valid JSON.");
  }
}

/** The members of an error besides its type. */
export function errorTree(error: WireError, format: TreeFormat): Value {
  if (!error.shape) return { message: error.message };
  const tree = valueToTree(error.shape, error.members, format);
  return { ...(tree as Value), message: error.message }; // a structure's tree is an object
}

function treeProtocol(
  format: TreeFormat,
  contentType: string,
  extraHeaders: Readonly<Record<string, string>>,
): Protocol {
  const parse = format === "json" ? parseJson : parseCbor;
  const write = (tree: unknown) =>
    format === "json" ? Buffer.from(JSON.stringify(tree), "utf8") : cbor.serialize(tree);
  const headers = { "content-type": contentType, ...extraHeaders };
  return {
    decode: (operation, request) => treeToValue(operation.input, parse(bufferOf(request.body)), format) as Value, // an input is a structure
    encode: (operation, output) => ({
      statusCode: 200,
      headers,
      body: write(outputTree(operation.output, output, format)),
    }),
    encodeError: (error) => ({
      statusCode: error.statusCode,
      headers: {
        ...headers,
        ...error.headers,
        "x-amzn-query-error": `${error.queryCode};${error.statusCode < 500 ? "Sender" : "Receiver"}`,
      },
      body: write({ __type: error.code, ...errorTree(error, format) }),
    }),
  };
}

function outputTree(shape: StructureShape, output: Value, format: TreeFormat): unknown {
  return valueToTree(shape, output, format);
}

function parseCbor(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return cbor.deserialize(body);
  } catch {
    throw new Fault("SerializationException", "The request body is not valid CBOR.");
  }
}
