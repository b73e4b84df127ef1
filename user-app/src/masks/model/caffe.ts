import { type Field, readFields, readPackedVarints } from "./protobuf.ts";

/** A tensor of weights: `values` in row-major order of `shape`. */
export interface Blob {
  readonly shape: readonly number[];
  /** Little-endian 32-bit floats, as they lie in the file. */
  readonly values: Uint8Array;
}

/** A Caffe layer with the parameters that a mask model uses; names are those of caffe.proto. */
export interface CaffeLayer {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly blobs: readonly Blob[];
  readonly convolution: {
    readonly outputs: number;
    readonly kernel: number;
    readonly pad: number;
    readonly stride: number;
  };
  readonly pooling: { readonly method: number; readonly kernel: number; readonly stride: number };
  readonly order: readonly number[];
  readonly shape: readonly number[];
  readonly axis: number;
}

// Field numbers of caffe.proto (BVLC/caffe, src/caffe/proto/caffe.proto; Permute from the SSD fork).
const NET_LAYER = 100;
const LAYER = {
  name: 1,
  type: 2,
  bottom: 3,
  top: 4,
  blob: 7,
  concat: 104,
  convolution: 106,
  pooling: 121,
  reshape: 133,
  input: 143,
  permute: 202,
};

/** Reads the layers of a NetParameter in file order, which is the order of execution. Throws RangeError when it is cut short. */
export function readCaffeLayers(model: Uint8Array): CaffeLayer[] {
  const layers: CaffeLayer[] = [];
  for (const field of readFields(model)) {
    if (field.number === NET_LAYER && field.kind === "bytes") layers.push(readLayer(field.value));
  }
  return layers;
}

function readLayer(message: Uint8Array): CaffeLayer {
  const fields = [...readFields(message)];
  const convolution = nested(fields, LAYER.convolution);
  const pooling = nested(fields, LAYER.pooling);
  const shapeHolder =
    nested(fields, LAYER.reshape).length > 0 ? nested(fields, LAYER.reshape) : nested(fields, LAYER.input);
  return {
    name: texts(fields, LAYER.name)[0] ?? "",
    type: texts(fields, LAYER.type)[0] ?? "",
    bottoms: texts(fields, LAYER.bottom),
    tops: texts(fields, LAYER.top),
    blobs: messages(fields, LAYER.blob).map(readBlob),
    convolution: {
      outputs: integers(convolution, 1)[0] ?? 0,
      pad: integers(convolution, 3)[0] ?? 0,
      kernel: integers(convolution, 4)[0] ?? 1,
      stride: integers(convolution, 6)[0] ?? 1,
    },
    pooling: {
      method: integers(pooling, 1)[0] ?? 0,
      kernel: integers(pooling, 2)[0] ?? 1,
      stride: integers(pooling, 3)[0] ?? 1,
    },
    order: integers(nested(fields, LAYER.permute), 1),
    shape: integers(nested(shapeHolder, 1), 1),
    axis: integers(nested(fields, LAYER.concat), 2)[0] ?? 1,
  };
}

function readBlob(message: Uint8Array): Blob {
  const fields = [...readFields(message)];
  const [values] = messages(fields, 5);
  if (values === undefined) throw new RangeError("A layer's weights are not stored as packed floats.");
  return { shape: integers(nested(fields, 7), 1), values };
}

function messages(fields: readonly Field[], number: number): Uint8Array[] {
  return fields.flatMap((field) => (field.number === number && field.kind === "bytes" ? [field.value] : []));
}

function nested(fields: readonly Field[], number: number): Field[] {
  const [message] = messages(fields, number);
  return message === undefined ? [] : [...readFields(message)];
}

function texts(fields: readonly Field[], number: number): string[] {
  return messages(fields, number).map((bytes) => new TextDecoder().decode(bytes));
}

/** Integers of a repeated field, whether packed or one by one. */
function integers(fields: readonly Field[], number: number): number[] {
  return fields.flatMap((field) => {
    if (field.number !== number) return [];
    if (field.kind === "varint") return [field.value];
    return field.kind === "bytes" ? readPackedVarints(field.value) : [];
  });
}
