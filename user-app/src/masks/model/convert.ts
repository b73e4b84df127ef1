import { type CaffeLayer, readCaffeLayers } from "./caffe.ts";
import { type OnnxNode, type OnnxTensor, writeOnnx } from "./onnx.ts";

/** Names of the converted model's input ([1, 3, 260, 260], RGB / 255) and outputs ([1, 5972, 4] and [1, 5972, 2]). */
export const MODEL = {
  input: "data",
  locations: "loc_branch_concat",
  scores: "cls_branch_concat",
  inputPixels: 260,
  anchors: 5972,
} as const;

/** Thrown when the file is not the mask model that this code knows. */
export class ModelUnusable extends Error {
  override name = "ModelUnusable";
}

/**
 * Converts the Caffe mask model to ONNX, one operator per layer. Throws ModelUnusable for other networks.
 *
 * Caffe writes layers in place (a ReLU's top is its bottom), ONNX wants a fresh name for each result: `latest` maps a
 * Caffe name to the ONNX name of its newest value.
 */
export function caffeToOnnx(model: Uint8Array): Uint8Array {
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  const latest = new Map<string, string>();
  for (const layer of readLayers(model)) {
    if (layer.type === "Input") {
      latest.set(MODEL.input, MODEL.input);
      continue;
    }
    const inputs = layer.bottoms.map((bottom) => {
      const name = latest.get(bottom);
      if (name === undefined)
        throw new ModelUnusable(`Layer ${layer.name} reads ${bottom}, which no layer before it writes.`);
      return name;
    });
    if (layer.type === "Split") {
      for (const top of layer.tops) latest.set(top, inputs[0] ?? "");
      continue;
    }
    const [top] = layer.tops;
    if (top === undefined) throw new ModelUnusable(`Layer ${layer.name} has no output.`);
    // Layers that work in place carry a name of their own; the others are named like their output.
    const output = layer.name;
    const operator = toOperator(layer);
    tensors.push(...operator.tensors);
    nodes.push({ ...operator.node, inputs: [...inputs, ...operator.tensors.map((tensor) => tensor.name)], output });
    latest.set(top, output);
  }
  for (const output of [MODEL.locations, MODEL.scores]) {
    if (latest.get(output) !== output) throw new ModelUnusable(`The model has no layer ${output}.`);
  }
  return writeOnnx({
    nodes,
    tensors,
    inputs: [{ name: MODEL.input, shape: [1, 3, MODEL.inputPixels, MODEL.inputPixels] }],
    outputs: [
      { name: MODEL.locations, shape: [1, MODEL.anchors, 4] },
      { name: MODEL.scores, shape: [1, MODEL.anchors, 2] },
    ],
  });
}

function readLayers(model: Uint8Array): CaffeLayer[] {
  try {
    return readCaffeLayers(model);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ModelUnusable("The mask model is not a Caffe model, or it is cut short.", { cause: error });
  }
}

interface Operator {
  readonly node: Pick<OnnxNode, "type" | "attributes">;
  readonly tensors: readonly OnnxTensor[];
}

function toOperator(layer: CaffeLayer): Operator {
  switch (layer.type) {
    case "Convolution":
      return convolution(layer);
    case "Pooling": {
      const { kernel, stride, method } = layer.pooling;
      if (method !== 0) throw new ModelUnusable(`Layer ${layer.name} pools by method ${method}; only MAX is known.`);
      // Caffe rounds the pooled size up (65 -> 33).
      const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], ceil_mode: 1 };
      return { node: { type: "MaxPool", attributes }, tensors: [] };
    }
    case "ReLU":
      return { node: { type: "Relu" }, tensors: [] };
    case "Sigmoid":
      return { node: { type: "Sigmoid" }, tensors: [] };
    case "Permute":
      return { node: { type: "Transpose", attributes: { perm: layer.order } }, tensors: [] };
    case "Concat":
      return { node: { type: "Concat", attributes: { axis: layer.axis } }, tensors: [] };
    case "Reshape": {
      const shape = { name: `${layer.name}.shape`, shape: [layer.shape.length], integers: layer.shape };
      return { node: { type: "Reshape" }, tensors: [shape] };
    }
    default:
      throw new ModelUnusable(`Layer ${layer.name} is of type ${layer.type}, which the mask model does not have.`);
  }
}

function convolution(layer: CaffeLayer): Operator {
  const { outputs, kernel, pad, stride } = layer.convolution;
  const [weights, bias] = layer.blobs;
  if (weights === undefined || outputs === 0) throw new ModelUnusable(`Layer ${layer.name} has no weights.`);
  // Some blobs carry extra axes of size 1 ([128, 1, 64, 3, 3]), so the input channels follow from the amount of data.
  const channels = weights.values.byteLength / 4 / (outputs * kernel * kernel);
  const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [pad, pad, pad, pad] };
  const tensors: OnnxTensor[] = [
    { name: `${layer.name}.weights`, shape: [outputs, channels, kernel, kernel], floats: weights.values },
  ];
  if (bias !== undefined) tensors.push({ name: `${layer.name}.bias`, shape: [outputs], floats: bias.values });
  return { node: { type: "Conv", attributes }, tensors };
}
