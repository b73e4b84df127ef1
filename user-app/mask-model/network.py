"""The mask detector's network and its anchors: input 260 x 260 (RGB / 255, stretched), 5972 anchors, 0.74 M parameters."""
import torch
import torch.nn as nn
import torch.nn.functional as F

PIXELS = 260
MAPS = (33, 17, 9, 5, 3)
SIZES = ((0.04, 0.056), (0.08, 0.11), (0.16, 0.22), (0.32, 0.45), (0.64, 0.72))
RATIOS = (0.62, 0.42)


def block(inputs, outputs, padding=1):
    """The batch norm folds into the convolution on export."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class MaskNetwork(nn.Module):
    """Gives logits [n, 5972, 2] (mask, no mask) and places [n, 5972, 4]."""

    def __init__(self, channels=(24, 48, 64, 64, 96, 96, 64, 64), head=96):
        super().__init__()
        inputs = (3, *channels[:-1])
        self.backbone = nn.ModuleList(block(i, o, padding=0 if k == 7 else 1) for k, (i, o) in enumerate(zip(inputs, channels)))
        self.heads = nn.ModuleList(block(c, head) for c in channels[3:])
        self.outputs = nn.ModuleList(nn.Conv2d(head, 24, 3, padding=1) for _ in MAPS)  # 4 anchors x (2 scores + 4 numbers)
        for layer in self.outputs:
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.bias[:8], -4.0)  # nearly every anchor is no face
            nn.init.zeros_(layer.bias[8:])

    def forward(self, x):
        scores, places = [], []
        for i, stage in enumerate(self.backbone):
            x = stage(x)
            if i >= 3:
                out = self.outputs[i - 3](self.heads[i - 3](x)).permute(0, 2, 3, 1)
                scores.append(out[..., :8].reshape(out.shape[0], -1, 2))
                places.append(out[..., 8:].reshape(out.shape[0], -1, 4))
            if i <= 5:
                x = F.max_pool2d(x, 2, 2, ceil_mode=True)
        return torch.cat(scores, 1), torch.cat(places, 1)


def anchors():
    """[5972, 4]: centre x, centre y, width, height as fractions, in the order of the outputs (level, y, x, shape)."""
    rows = []
    for size, (small, large) in zip(MAPS, SIZES):
        shapes = [(small, small), (large, large)] + [(small * r**0.5, small / r**0.5) for r in RATIOS]
        rows += [((x + 0.5) / size, (y + 0.5) / size, w, h) for y in range(size) for x in range(size) for w, h in shapes]
    return torch.tensor(rows)


def mirrored():
    """For each anchor the index of the one at the same place of the picture turned left to right."""
    order, start = [], 0
    for size in MAPS:
        grid = torch.arange(start, start + size * size * 4).view(size, size, 4)
        order.append(grid.flip(1).reshape(-1))
        start += size * size * 4
    return torch.cat(order)
