"""Makes the lessons of the training once: pictures of 260 x 260 and what the network is to answer for each.

    python3 lessons.py photos PICTURES_FOLDER TEACHER.caffemodel OUT COUNT     photos in masked/ and bare/, answers by the teacher
    python3 lessons.py drawn DRAWN_FOLDER OUT                                  drawn pictures, answers by their boxes.csv
"""
import random
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

from network import PIXELS, anchors
from teacher import Teacher

SEED = 20260613
KEEP_EVERY = 28  # each 28th photo is kept back for the check
ANSWERS = 320  # anchors with a say in one picture; the others answer "no face"
S = PIXELS


def kept_back(index):
    return index % KEEP_EVERY == 0


class Photo:
    def __init__(self, path):
        self.pixels = cv2.cvtColor(cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), 1), cv2.COLOR_BGR2RGB)
        self.masked = path.parent.name == "masked"
        self.swap = False  # the teacher takes its only face for the other kind


def read_photos(folder, keep=lambda index: not kept_back(index)):
    return [Photo(p) for kind in ("masked", "bare") for i, p in enumerate(sorted((folder / kind).glob("*.jpg"))) if keep(i)]


def crop(pixels, chance=0.55):
    h, w = pixels.shape[:2]
    if random.random() >= chance:
        return pixels
    scale, aspect = random.uniform(0.4, 1.0), random.uniform(0.75, 1.35)
    ch, cw = min(h, int(h * scale)), min(w, int(w * min(1, scale * aspect)))
    y, x = random.randint(0, h - ch), random.randint(0, w - cw)
    return pixels[y : y + ch, x : x + cw]


def fitted(pixels, w, h):
    return cv2.resize(pixels, (w, h), interpolation=random.choice([cv2.INTER_LINEAR, cv2.INTER_AREA]))


def compose(photos):
    """One picture of the lesson, and which rectangles of it hold a photo whose answer is to be swapped."""
    image, swaps = np.zeros((S, S, 3), np.uint8), []

    def place(x, y, w, h):
        photo = random.choice(photos)
        image[y : y + h, x : x + w] = fitted(crop(photo.pixels), w, h)
        if photo.swap:
            swaps.append((x / S, y / S, (x + w) / S, (y + h) / S))

    r = random.random()
    if r < 0.5:
        place(0, 0, S, S)
    elif r < 0.8:  # several photos side by side: many and small faces
        n = random.choice([2, 2, 3, 3, 4])
        edge = [round(S * i / n) for i in range(n + 1)]
        for i in range(n):
            for j in range(n):
                place(edge[j], edge[i], edge[j + 1] - edge[j], edge[i + 1] - edge[i])
    else:  # one photo somewhere on a plain or blurred ground
        plain = random.random() < 0.5
        image[:] = random.randint(0, 255) if plain else cv2.GaussianBlur(fitted(random.choice(photos).pixels, S, S), (0, 0), 8)
        side = max(40, int(S * random.uniform(0.2, 0.9)))
        place(random.randint(0, S - side), random.randint(0, S - side), side, side)
    if random.random() < 0.1:
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.5, 1.6))
    return image, swaps


def tensor_of(images):
    planes = np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
    return (torch.from_numpy(planes).float() / 255).to(memory_format=torch.channels_last)


def mark_wrong_kinds(photos, teacher):
    """Every photo's folder says its kind. Where the teacher sees one face and takes it for the other kind, the folder is right."""
    grid = anchors()
    for start in range(0, len(photos), 16):
        group = photos[start : start + 16]
        logits, _ = teacher(tensor_of([cv2.resize(p.pixels, (S, S)) for p in group]))
        for photo, chance in zip(group, torch.sigmoid(logits)):
            sure = chance.max(1)[0] > 0.5
            if not sure.any():
                continue
            spread = grid[sure][:, :2].max(0)[0] - grid[sure][:, :2].min(0)[0]
            one = bool((spread < grid[sure][:, 2:].max()).all())
            best = chance[chance.max(1)[0].argmax()]
            photo.swap = one and bool(best[0] > best[1]) != photo.masked


class Writer:
    """images.u8 [n, 260, 260, 3], index.i16 [n, ANSWERS] (-1: none) and answers.f16 [n, ANSWERS, 6] (2 chances, 4 numbers)."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.files = [open(folder / name, "wb") for name in ("images.u8", "index.i16", "answers.f16")]

    def add(self, image, chances, places):
        order = chances.max(1)[0].argsort(descending=True)[:ANSWERS]
        order = order[chances[order].max(1)[0] > 0.01]
        index = np.full(ANSWERS, -1, np.int16)
        answers = np.zeros((ANSWERS, 6), np.float16)
        index[: len(order)] = order.numpy()
        answers[: len(order)] = torch.cat([chances[order], places[order]], 1).numpy()
        for file, values in zip(self.files, (image, index, answers)):
            file.write(values.tobytes())
            file.flush()


def photo_lessons(pictures, teacher_path, out, count):
    photos, teacher, writer, grid = read_photos(pictures), Teacher(teacher_path), Writer(out), anchors()
    mark_wrong_kinds(photos, teacher)
    print(f"{len(photos)} photos, the teacher is wrong about the kind of {sum(p.swap for p in photos)}", flush=True)
    for start in range(0, count, 8):
        made = [compose(photos) for _ in range(8)]
        logits, places = teacher(tensor_of([image for image, _ in made]))
        for (image, swaps), chances, place in zip(made, torch.sigmoid(logits), places):
            for left, top, right, bottom in swaps:
                inside = (grid[:, 0] > left) & (grid[:, 0] < right) & (grid[:, 1] > top) & (grid[:, 1] < bottom)
                chances[inside] = chances[inside].flip(1)
            writer.add(image, chances, place)
        if start % 800 == 0:
            print(f"{start} lessons", flush=True)


def boxes_to_answers(boxes, grid):
    """What the network is to answer for true boxes (left, top, right, bottom, masked; fractions): sure from IoU .55, unsure from .35."""
    chances, places = torch.zeros(len(grid), 2), torch.zeros(len(grid), 4)
    if not boxes:
        return chances, places
    b = torch.tensor(boxes)
    half = grid[:, 2:] / 2
    low = torch.maximum((grid[:, :2] - half)[:, None], b[None, :, :2])
    high = torch.minimum((grid[:, :2] + half)[:, None], b[None, :, 2:4])
    shared = (high - low).clamp(min=0).prod(2)
    size = b[:, 2:4] - b[:, :2]
    overlap = shared / (grid[:, 2:].prod(1)[:, None] + size.prod(1)[None] - shared)
    overlap[overlap.argmax(0), torch.arange(len(b))] = 0.9  # each face has an anchor of its own
    best, face = overlap.max(1)
    level = ((best - 0.35) / 0.2).clamp(0, 1) * 0.98
    masked = b[face, 4] > 0.5
    chances[masked, 0] = level[masked]
    chances[~masked, 1] = level[~masked]
    centre = (b[face, :2] + b[face, 2:4]) / 2
    places[:, :2] = (centre - grid[:, :2]) / (0.1 * grid[:, 2:])
    places[:, 2:] = torch.log(size[face] / grid[:, 2:]) / 0.2
    return chances, places.clamp(-20, 20)


def drawn_lessons(folder, out):
    writer, grid, boxes = Writer(out), anchors(), {}
    for line in (folder / "boxes.csv").read_text().splitlines()[1:]:
        name, *numbers = line.split(",")
        boxes.setdefault(name, [])
        if numbers[0]:
            boxes[name].append([float(n) for n in numbers])
    for name, faces in boxes.items():
        image = cv2.cvtColor(cv2.imread(str(folder / name)), cv2.COLOR_BGR2RGB)
        writer.add(cv2.resize(image, (S, S), interpolation=cv2.INTER_AREA), *boxes_to_answers(faces, grid))
    print(f"{len(boxes)} drawn pictures", flush=True)


if __name__ == "__main__":
    random.seed(SEED)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if sys.argv[1] == "photos":
        photo_lessons(Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]), int(sys.argv[5]))
    else:
        drawn_lessons(Path(sys.argv[2]), Path(sys.argv[3]))
