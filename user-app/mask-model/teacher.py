"""The reference detector (AIZOOTech/FaceMaskDetection, MIT licence) in torch, read from its published Caffe file."""
import sys

import numpy as np
import torch
import torch.nn.functional as F


def fields(message):
    """(number, value) of each field of a protobuf message; groups of bytes stay memoryviews."""
    i = 0

    def varint():
        nonlocal i
        value = shift = 0
        while True:
            byte = message[i]
            i += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while i < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        size = varint() if kind == 2 else 4 if kind == 5 else 8
        yield key >> 3, message[i : i + size]
        i += size


def convolutions(path):
    """name -> (weights [out, in, k, k], bias, pad) of each Convolution layer. The batch norms are folded in already."""
    found = {}
    with open(path, "rb") as file:
        model = memoryview(file.read())
    for number, layer in fields(model):
        if number != 100:
            continue
        part = list(fields(layer))
        get = lambda n: [value for key, value in part if key == n]
        if bytes(get(2)[0]) != b"Convolution":
            continue
        settings = list(fields(get(106)[0]))
        one = lambda n, default: next((v if isinstance(v, int) else v[0] for key, v in settings if key == n), default)
        out, pad, kernel = one(1, 0), one(3, 0), one(4, 1)
        blobs = [np.frombuffer(next(v for key, v in fields(blob) if key == 5), "<f4").copy() for blob in get(7)]
        found[bytes(get(1)[0]).decode()] = (torch.tensor(blobs[0]).view(out, -1, kernel, kernel), torch.tensor(blobs[1]), pad)
    return found


class Teacher:
    def __init__(self, path):
        self.layers = {k: (w.to(memory_format=torch.channels_last), b, pad) for k, (w, b, pad) in convolutions(path).items()}

    @torch.no_grad()
    def __call__(self, x):
        """Logits [n, 5972, 2] (mask, no mask) and places [n, 5972, 4]."""
        maps = []
        for i in range(8):
            x = F.relu(self.conv(x, f"conv2d_{i}"))
            if i >= 3:
                maps.append(x)
            if i <= 5:
                x = F.max_pool2d(x, 2, 2, ceil_mode=True)
        return self.heads("cls", maps, 2), self.heads("loc", maps, 4)

    def conv(self, x, name):
        weights, bias, pad = self.layers[name]
        return F.conv2d(x, weights, bias, padding=pad)

    def heads(self, kind, maps, numbers):
        found = []
        for i, values in enumerate(maps):
            inner = F.relu(self.conv(values, f"{kind}_{i}_insert_conv2d"))
            found.append(self.conv(inner, f"{kind}_{i}_conv").permute(0, 2, 3, 1).reshape(values.shape[0], -1, numbers))
        return torch.cat(found, 1)


class Exported(torch.nn.Module):
    def __init__(self, teacher):
        super().__init__()
        self.teacher = teacher

    def forward(self, x):
        scores, places = self.teacher(x)
        return places, torch.sigmoid(scores)


if __name__ == "__main__":
    # python3 teacher.py TEACHER.caffemodel OUT.onnx: for a comparison by masks:score
    names = {"input_names": ["data"], "output_names": ["loc_branch_concat", "cls_branch_concat"]}
    torch.onnx.export(Exported(Teacher(sys.argv[1])), torch.zeros(1, 3, 260, 260), sys.argv[2], opset_version=13, **names)
