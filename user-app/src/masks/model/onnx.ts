import { bytesField, concat, varintField } from "./protobuf.ts";

/** A node of an ONNX graph; attributes are integers or lists of integers, which is all that the mask model needs. */
export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

export type OnnxTensor =
  | { readonly name: string; readonly shape: readonly number[]; readonly floats: Uint8Array }
  | { readonly name: string; readonly shape: readonly number[]; readonly integers: readonly number[] };

export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly tensors: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

// Field numbers and enum values of onnx.proto (onnx/onnx, onnx/onnx.proto).
const IR_VERSION = 7;
const OPSET = 13;
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

/** Serialises a graph as an ONNX ModelProto of opset 13. */
export function writeOnnx(graph: OnnxGraph): Uint8Array {
  return concat([
    varintField(1, IR_VERSION),
    bytesField(2, "elastic-gas"),
    bytesField(7, graphProto(graph)),
    bytesField(8, varintField(2, OPSET)),
  ]);
}

function graphProto(graph: OnnxGraph): Uint8Array {
  return concat([
    ...graph.nodes.map((node) => bytesField(1, nodeProto(node))),
    bytesField(2, "masks"),
    ...graph.tensors.map((tensor) => bytesField(5, tensorProto(tensor))),
    ...graph.inputs.map((value) => bytesField(11, valueProto(value))),
    ...graph.outputs.map((value) => bytesField(12, valueProto(value))),
  ]);
}

function nodeProto(node: OnnxNode): Uint8Array {
  return concat([
    ...node.inputs.map((input) => bytesField(1, input)),
    bytesField(2, node.output),
    bytesField(3, node.output),
    bytesField(4, node.type),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => bytesField(5, attributeProto(name, value))),
  ]);
}

function attributeProto(name: string, value: number | readonly number[]): Uint8Array {
  if (typeof value === "number") {
    return concat([bytesField(1, name), varintField(3, value), varintField(20, ATTRIBUTE_INT)]);
  }
  return concat([bytesField(1, name), ...value.map((item) => varintField(8, item)), varintField(20, ATTRIBUTE_INTS)]);
}

function tensorProto(tensor: OnnxTensor): Uint8Array {
  const dims = tensor.shape.map((size) => varintField(1, size));
  if ("floats" in tensor) {
    return concat([...dims, varintField(2, FLOAT), bytesField(8, tensor.name), bytesField(9, tensor.floats)]);
  }
  const values = tensor.integers.map((value) => varintField(7, value));
  return concat([...dims, varintField(2, INT64), ...values, bytesField(8, tensor.name)]);
}

function valueProto(value: OnnxValue): Uint8Array {
  const dims = value.shape.map((size) => bytesField(1, varintField(1, size)));
  const tensorType = concat([varintField(1, FLOAT), bytesField(2, concat(dims))]);
  return concat([bytesField(1, value.name), bytesField(2, bytesField(1, tensorType))]);
}
