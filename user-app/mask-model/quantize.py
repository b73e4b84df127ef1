"""Makes the convolutions of a float model work on bytes: a quarter of the size, and a pass costs less than half the CPU.

    python3 quantize.py FLOAT.onnx CHECKPOINT LESSONS_FOLDER OUT.onnx

Weights keep 7 bits a number (with a scale for each channel): processors without VNNI add two products in 16 bits, which 8 would overflow.
"""
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from lessons import SEED
from network import MaskNetwork
from train import Lessons

PICTURES = 128
WEIGHT_STEPS = 63
ANSWER_LIMIT = 10.0  # of logits and places: beyond it nothing changes any more


def largest_values(checkpoint, folder):
    """The largest value that each ReLU gives, in the order of the convolutions: backbone, and each level's head after its stage."""
    network = MaskNetwork().eval()
    network.load_state_dict(torch.load(checkpoint)["average"])
    images = Lessons([folder]).parts[0][0]
    largest = {}

    def see(name, values):
        # One value in ten thousand may be cut: the scale gets finer for all others.
        kept = torch.quantile(values.flatten()[:: max(1, values.numel() // 200_000)], 0.9999).item()
        largest[name] = max(largest.get(name, 0.0), kept)
        return values

    picks = np.random.default_rng(SEED).integers(len(images), size=PICTURES)
    with torch.no_grad():
        for pick in picks:
            x = torch.from_numpy(images[pick].transpose(2, 0, 1).copy()).float()[None] / 255
            for i, stage in enumerate(network.backbone):
                x = see(f"backbone.{i}", stage(x))
                if i >= 3:
                    see(f"heads.{i - 3}", network.heads[i - 3](x))
                if i <= 5:
                    x = F.max_pool2d(x, 2, 2, ceil_mode=True)
    return [largest[f"backbone.{i}"] for i in range(3)] + [
        largest[name] for level in range(5) for name in (f"backbone.{level + 3}", f"heads.{level}")
    ]


class Quantizer:
    def __init__(self, model, largest):
        self.graph = model.graph
        self.values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        self.largest = iter(largest)
        self.nodes, self.tensors = [], {}
        self.scales = {}  # name of a value that is bytes now -> its scale
        self.zeros = {}  # the same -> name of the constant that stands for 0

    def constant(self, name, values, kind):
        self.tensors[name] = numpy_helper.from_array(np.asarray(values, kind), name)
        return name

    def run(self):
        nodes = list(self.graph.node)
        users = {}
        for node in nodes:
            for name in node.input:
                users.setdefault(name, []).append(node)
        self.constant("zero", 0, np.uint8)
        self.constant("middle", 128, np.uint8)
        first = self.graph.input[0].name
        self.nodes.append(helper.make_node("QuantizeLinear", [first, self.scale_of("bytes", 1 / 255), "zero"], ["bytes"], name="bytes"))
        renamed, skipped = {first: "bytes"}, set()
        for node in nodes:
            if id(node) in skipped:
                continue
            inputs = [renamed.get(name, name) for name in node.input]
            followers = users.get(node.output[0], [])
            if node.op_type == "Conv" and [user.op_type for user in followers] == ["Relu"]:
                self.convolution(node, inputs[0], followers[0].output[0], next(self.largest) / 255)
                skipped.add(id(followers[0]))
                continue
            if node.op_type == "Conv":
                self.convolution(node, inputs[0], node.output[0], ANSWER_LIMIT / 127, "middle")
                continue
            if node.op_type == "MaxPool" and inputs[0] in self.scales:
                self.scales[node.output[0]] = self.scales[inputs[0]]
                self.zeros[node.output[0]] = "zero"
            else:
                inputs = [self.floats(name) for name in inputs]
                for name in inputs:
                    if name in self.values:
                        self.tensors[name] = numpy_helper.from_array(self.values[name], name)
            copy = onnx.NodeProto()
            copy.CopyFrom(node)
            del copy.input[:]
            copy.input.extend(inputs)
            self.nodes.append(copy)

    def scale_of(self, name, scale, zero="zero"):
        self.scales[name] = scale
        self.zeros[name] = zero
        return self.constant(f"{name}.scale", scale, np.float32)

    def convolution(self, node, given, output, scale, zero="zero"):
        weights, bias = self.values[node.input[1]], self.values[node.input[2]]
        steps = np.abs(weights).max((1, 2, 3)) / WEIGHT_STEPS
        rounded = np.round(weights / steps[:, None, None, None])
        inputs = [
            given,
            self.input_scale(given),
            "zero",
            self.constant(f"{output}.weights", rounded, np.int8),
            self.constant(f"{output}.steps", steps, np.float32),
            self.constant(f"{output}.no", np.zeros(len(steps)), np.int8),
            self.scale_of(output, scale, zero),
            zero,
            self.constant(f"{output}.bias", np.round(bias / (self.scales[given] * steps)), np.int32),
        ]
        made = helper.make_node("QLinearConv", inputs, [output], name=output)
        made.attribute.extend(node.attribute)
        self.nodes.append(made)

    def input_scale(self, name):
        return self.constant(f"{name}.scale", self.scales[name], np.float32)

    def floats(self, name):
        if name not in self.scales:
            return name
        wide = f"{name}.floats"
        if all(wide not in node.output for node in self.nodes):
            self.nodes.append(helper.make_node("DequantizeLinear", [name, self.input_scale(name), self.zeros[name]], [wide], name=wide))
        return wide


def quantize(path, checkpoint, folder, out):
    model = onnx.load(path)
    quantizer = Quantizer(model, largest_values(checkpoint, folder))
    quantizer.run()
    graph = helper.make_graph(quantizer.nodes, "masks", model.graph.input, model.graph.output, list(quantizer.tensors.values()))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="elastic-gas")
    made.ir_version = 8
    onnx.checker.check_model(made)
    onnx.save(made, out)


if __name__ == "__main__":
    torch.set_num_threads(1)
    quantize(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4])
