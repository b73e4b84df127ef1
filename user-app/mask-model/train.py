"""Trains the mask network on lessons that lessons.py made, and writes it as ONNX.

    python3 train.py STEPS CHECKPOINT LESSONS_FOLDER...     goes on where the checkpoint ends; give the final number of steps
    python3 train.py start WEIGHTS CHECKPOINT               a checkpoint that begins with weights of the same layout
    python3 train.py blend CHECKPOINT WEIGHTS SHARE OUT     SHARE of the checkpoint's averaged weights, the rest of these
    python3 train.py export CHECKPOINT MODEL.onnx

Seeded: the same lessons and steps give the same model, but for the order of sums on another processor.
"""
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lessons import ANSWERS, SEED
from network import PIXELS, MaskNetwork, mirrored

BATCH = 16
PEAK_RATE = 1.5e-3
GENTLE_RATE = 5e-4  # the peak for weights that know something already
AVERAGE = 0.998  # of the weights; the averaged ones are what is shipped
SAVE_EVERY = 100


class Lessons:
    """Reads the lessons of several folders; a folder that is still being written is read as far as it goes."""

    def __init__(self, folders):
        self.parts = []
        for folder in folders:
            count = (folder / "answers.f16").stat().st_size // (ANSWERS * 12) - 1
            open_as = lambda name, kind, *shape: np.memmap(folder / name, kind, "r", shape=(count, *shape))
            self.parts.append((
                open_as("images.u8", np.uint8, PIXELS, PIXELS, 3),
                open_as("index.i16", np.int16, ANSWERS),
                open_as("answers.f16", np.float16, ANSWERS, 6),
            ))
        self.places = [(part, i) for part, (images, _, _) in enumerate(self.parts) for i in range(len(images))]
        self.mirror = mirrored()

    def batch(self, random):
        images, targets = [], torch.zeros(BATCH, len(self.mirror), 6)
        for row, pick in enumerate(random.integers(len(self.places), size=BATCH)):
            part, i = self.places[pick]
            pixels, index, answers = (values[i] for values in self.parts[part])
            known = index >= 0
            targets[row, torch.from_numpy(index[known].astype(np.int64))] = torch.from_numpy(answers[known].astype(np.float32))
            if random.random() < 0.5:
                pixels, targets[row] = pixels[:, ::-1], targets[row, self.mirror]
                targets[row, :, 2] *= -1
            images.append(pixels)
        planes = np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
        x = torch.from_numpy(planes).to(memory_format=torch.channels_last).float().div_(255)
        return light(x, random), targets


def light(x, random):
    """Other light, colour and noise for each picture; what is to be answered stays."""
    n = len(x)
    numbers = lambda low, high, chance, width=1: torch.from_numpy(
        np.where(random.random((n, 1)) < chance, random.uniform(low, high, (n, width)), (low + high) / 2).astype(np.float32)
    ).view(n, width, 1, 1)
    x = x * numbers(0.6, 1.4, 0.6) * numbers(0.8, 1.2, 0.3, 3) + numbers(-0.1, 0.1, 0.6)
    for row in range(n):
        if random.random() < 0.08:
            x[row] = x[row].mean(0, keepdim=True)
        if random.random() < 0.1:
            x[row] += torch.from_numpy(random.normal(0, random.uniform(0.01, 0.05), (1, PIXELS, PIXELS)).astype(np.float32))
    return x.clamp_(0, 1)


def loss_of(scores, places, targets):
    wanted = targets[..., :2]
    sure = wanted.max(2)[0]
    wrong = (torch.sigmoid(scores).detach() - wanted).abs() + 0.02
    error = F.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    score_loss = (error * (1 + 30 * sure[..., None]) * wrong).sum() / (sure.sum() + 8)
    weight = (sure > 0.25).float() * sure
    place_loss = (F.smooth_l1_loss(places, targets[..., 2:], reduction="none").sum(2) * weight).sum() / (weight.sum() + 1)
    return score_loss, place_loss


def rate_at(step, steps, peak):
    return peak * min(1, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * min(1, step / steps))) + 1e-5


def train(steps, checkpoint, folders):
    network = MaskNetwork().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-4)
    state = torch.load(checkpoint) if checkpoint.exists() else {"step": 0, "network": network.state_dict()}
    network.load_state_dict(state["network"])
    average = {k: v.clone() for k, v in state.get("average", state["network"]).items()}
    peak = state.get("peak", PEAK_RATE)
    if "optimizer" in state:
        optimizer.load_state_dict(state["optimizer"])
    lessons, sums, began = Lessons(folders), np.zeros(2), time.time()
    print(f"{len(lessons.places)} lessons, from step {state['step']} to {steps}", flush=True)
    for step in range(state["step"], steps):
        random = np.random.default_rng((SEED, step))
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, steps, peak)
        x, targets = lessons.batch(random)
        score_loss, place_loss = loss_of(*network(x), targets)
        optimizer.zero_grad()
        (score_loss + 0.6 * place_loss).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        keep = min(AVERAGE, (step + 1) / (step + 10))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                average[name].mul_(keep).add_(value, alpha=1 - keep)
        sums += (score_loss.item(), place_loss.item())
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            print(f"{step + 1}: scores {sums[0] / SAVE_EVERY:.4f}, places {sums[1] / SAVE_EVERY:.4f}, {time.time() - began:.0f} s", flush=True)
            sums[:] = 0
            save({"step": step + 1, "peak": peak, "network": network.state_dict(), "average": average, "optimizer": optimizer.state_dict()}, checkpoint)


def save(state, checkpoint):
    torch.save(state, checkpoint.with_suffix(".part"))
    checkpoint.with_suffix(".part").replace(checkpoint)


def start(weights, checkpoint):
    """The weights alone, or another checkpoint's averaged ones. Weights of another layout are refused."""
    given, network = torch.load(weights), MaskNetwork()
    network.load_state_dict(given.get("average", given))
    save({"step": 0, "peak": GENTLE_RATE, "network": network.state_dict()}, checkpoint)


def blend(checkpoint, weights, share, out):
    """Between where a training began and where it ended: often better than both on pictures that it has not seen."""
    state, given = torch.load(checkpoint), torch.load(weights)
    ended, began = state["average"], given.get("average", given)
    mixed = {k: v * share + began[k] * (1 - share) if v.is_floating_point() else v for k, v in ended.items()}
    save({**state, "average": mixed}, out)


class Shipped(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        scores, places = self.network(x)
        return places, torch.sigmoid(scores)


def export(checkpoint, path):
    network = MaskNetwork().eval()
    network.load_state_dict(torch.load(checkpoint)["average"])
    names = {"input_names": ["data"], "output_names": ["loc_branch_concat", "cls_branch_concat"]}
    torch.onnx.export(Shipped(network).eval(), torch.zeros(1, 3, PIXELS, PIXELS), path, opset_version=13, **names)


if __name__ == "__main__":
    torch.manual_seed(SEED)
    torch.set_num_threads(int(os.environ.get("THREADS", "1")))
    if sys.argv[1] == "export":
        export(Path(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == "blend":
        blend(Path(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4]), Path(sys.argv[5]))
    elif sys.argv[1] == "start":
        start(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        train(int(sys.argv[1]), Path(sys.argv[2]), [Path(folder) for folder in sys.argv[3:]])
