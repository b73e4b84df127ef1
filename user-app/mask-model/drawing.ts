/**
 * Draws people with and without a mask as SVG. Everything follows from the random numbers, so a seed gives the same
 * picture on every machine.
 */

export interface DrawnFace {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly masked: boolean;
}

export interface Drawing {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
  readonly faces: readonly DrawnFace[];
}

export interface Wanted {
  readonly width: number;
  readonly height: number;
  /** One person for each entry, from left to right: with a mask or without. */
  readonly masked: readonly boolean[];
  /** Height of a face as a share of the largest that fits; default: drawn by lot between 0.45 and 0.95. */
  readonly size?: number;
}

/** mulberry32: 0 to 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SKINS = ["#f6d7c3", "#eec1a2", "#e0ac85", "#c98f63", "#a56b43", "#7d4d2e", "#5b3722"];
const HAIRS = ["#1d1712", "#33241a", "#5a3a22", "#8a5a2b", "#c9a15a", "#8d8d8d", "#e4e0da", "#7a2e1a"];
const CLOTHES = ["#2f4858", "#7b2d26", "#35524a", "#6b5b95", "#d9d4c7", "#20252b", "#a2673f", "#3d6fa5"];
const WALLS = ["#dfe6ea", "#b9c7c9", "#8fa3ad", "#e8ddcb", "#5f6d75", "#c8b8a6", "#97a98f", "#3c4a54"];
const MASKS = ["#8fc7e6", "#a9d8ee", "#f4f6f7", "#dfe9ec", "#1f2327", "#36405a", "#9bb9a2", "#d58aa0"];

/** People side by side in front of a wall. */
export function drawPeople({ width, height, masked, size }: Wanted, random: () => number): Drawing {
  const faces: DrawnFace[] = [];
  const people: string[] = [];
  const column = width / Math.max(1, masked.length);
  for (const [index, hasMask] of masked.entries()) {
    const largest = Math.min(height * 0.62, column * 0.86);
    const faceHeight = largest * (size ?? between(random, 0.45, 0.95));
    const faceWidth = faceHeight * between(random, 0.72, 0.82);
    const slackX = Math.max(0, column * 0.94 - faceWidth * 1.3) / 2;
    const x = column * (index + 0.5) + between(random, -slackX, slackX);
    const room = height - faceHeight * 1.5;
    const y = faceHeight * 0.78 + between(random, 0.1, 0.8) * Math.max(0, room);
    people.push(drawPerson({ x, y, faceWidth, faceHeight, floor: height, masked: hasMask }, random));
    faces.push({
      left: (x - faceWidth / 2) / width,
      top: (y - faceHeight * 0.46) / height,
      right: (x + faceWidth / 2) / width,
      bottom: (y + faceHeight / 2) / height,
      masked: hasMask,
    });
  }
  const blur = Math.min(width, height) / between(random, 250, 500);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>` +
    `<filter id="soft"><feGaussianBlur stdDeviation="${blur.toFixed(2)}"/></filter>` +
    `<filter id="far"><feGaussianBlur stdDeviation="${(blur * 8).toFixed(2)}"/></filter></defs>` +
    `${drawWall(width, height, random)}<g filter="url(#soft)">${people.join("")}</g></svg>`;
  return { svg, width, height, faces };
}

interface Person {
  readonly x: number;
  readonly y: number;
  readonly faceWidth: number;
  readonly faceHeight: number;
  readonly floor: number;
  readonly masked: boolean;
}

/** Drawn around the face's middle in units of a face 100 wide and 128 high. */
function drawPerson({ x, y, faceWidth, faceHeight, floor, masked }: Person, random: () => number): string {
  const skin = pick(SKINS, random);
  const hair = pick(HAIRS, random);
  const light = random() < 0.5 ? 0.32 : 0.68;
  const id = `p${Math.round(x * 10)}`;
  const scaleX = faceWidth / 100;
  const scaleY = faceHeight / 128;
  const below = (floor - y) / scaleY + 5;
  const tilt = between(random, -7, 7);
  const parts = [
    `<radialGradient id="${id}" cx="${light}" cy="0.38" r="0.75"><stop offset="0" stop-color="${shade(skin, 1.1)}"/>` +
      `<stop offset="0.6" stop-color="${skin}"/><stop offset="1" stop-color="${shade(skin, 0.62)}"/></radialGradient>`,
    longHair(hair, random),
    `<path d="M-22 40 L-24 84 Q0 96 24 84 L22 40Z" fill="${shade(skin, 0.72)}"/>`,
    shoulders(below, random),
    `<g transform="rotate(${tilt.toFixed(1)})">`,
    `<ellipse cx="-50" cy="4" rx="7" ry="14" fill="${shade(skin, 0.8)}"/><ellipse cx="50" cy="4" rx="7" ry="14" fill="${shade(skin, 0.74)}"/>`,
    `<path d="M-50 -14 C-50 -52 -30 -66 0 -66 C30 -66 50 -52 50 -14 C51 18 42 40 24 56 Q0 72 -24 56 C-42 40 -51 18 -50 -14Z" fill="url(#${id})"/>`,
    eyes(skin, hair, random),
    masked ? mask(random) : noseAndMouth(skin, hair, random),
    fringe(hair, random),
    random() < 0.2 ? GLASSES : "",
    "</g>",
  ];
  return `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scaleX.toFixed(4)} ${scaleY.toFixed(4)})">${parts.join("")}</g>`;
}

const GLASSES =
  '<g fill="none" stroke="#22262b" stroke-width="2.2"><rect x="-37" y="-18" width="29" height="21" rx="8"/><rect x="8" y="-18" width="29" height="21" rx="8"/><path d="M-8 -10 Q0 -14 8 -10 M-37 -11 L-50 -8 M37 -11 L50 -8"/></g>';

function eyes(skin: string, hair: string, random: () => number): string {
  const iris = pick(["#3b2a1a", "#5b4327", "#3d5a6c", "#4e6247", "#241a12"], random);
  const open = between(random, 4.2, 6.2);
  const look = between(random, -2.5, 2.5);
  const brow = shade(hair, 0.8);
  const raise = between(random, -3, 2);
  return [-22, 22]
    .map(
      (x) =>
        `<ellipse cx="${x}" cy="-9" rx="15" ry="11" fill="${shade(skin, 0.78)}" opacity="0.55"/>` +
        `<ellipse cx="${x}" cy="-8" rx="10" ry="${open}" fill="#f3f0ec"/><circle cx="${x + look}" cy="-8" r="${open * 0.95}" fill="${iris}"/>` +
        `<circle cx="${x + look}" cy="-8" r="${open * 0.45}" fill="#0b0b0b"/><circle cx="${x + look - 1.5}" cy="-10" r="1.2" fill="#fff"/>` +
        `<path d="M${x - 11} -8 Q${x} ${-10 - open} ${x + 11} -8" fill="none" stroke="#241a15" stroke-width="2.2"/>` +
        `<path d="M${x - 14} ${-22 + raise} Q${x} ${-29 + raise} ${x + 14} ${-22 + raise}" fill="none" stroke="${brow}" stroke-width="4.5" stroke-linecap="round"/>`,
    )
    .join("");
}

function noseAndMouth(skin: string, hair: string, random: () => number): string {
  const smile = between(random, -1, 7);
  const lips = shade(random() < 0.4 ? "#b4525a" : skin, random() < 0.4 ? 0.9 : 0.72);
  const open = random() < 0.35;
  const beard = random() < 0.2;
  return (
    `<path d="M-3 -8 Q-8 14 -11 19 Q-4 25 0 25 Q5 25 11 19 Q7 12 4 -6" fill="${shade(skin, 0.86)}" opacity="0.7"/>` +
    `<path d="M-10 20 Q-6 24 -3 22 M10 20 Q6 24 3 22" fill="none" stroke="${shade(skin, 0.45)}" stroke-width="2.6"/>` +
    `<path d="M-1 -4 L0 17" stroke="${shade(skin, 1.14)}" stroke-width="4" opacity="0.6"/>` +
    (beard
      ? `<path d="M-44 16 C-42 40 -30 58 0 66 C30 58 42 40 44 16 C34 30 24 32 0 31 C-24 32 -34 30 -44 16Z" fill="${hair}" opacity="0.8"/>`
      : "") +
    `<path d="M-17 39 Q0 ${36 - smile * 0.3} 17 39 Q0 ${46 + smile} -17 39Z" fill="${lips}"/>` +
    (open
      ? `<path d="M-13 40 Q0 ${38 - smile * 0.2} 13 40 Q0 ${42 + smile} -13 40Z" fill="#f7f3ee"/>`
      : `<path d="M-17 39 Q0 ${39 + smile * 0.6} 17 39" fill="none" stroke="${shade(skin, 0.35)}" stroke-width="1.8"/>`) +
    `<path d="M-8 53 Q0 56 8 53" fill="none" stroke="${shade(skin, 0.7)}" stroke-width="2.5"/>`
  );
}

function mask(random: () => number): string {
  const colour = pick(MASKS, random);
  const top = between(random, 2, 8);
  const edge = shade(colour, 0.72);
  const pleats = random() < 0.7;
  return (
    `<path d="M-47 ${top + 2} L-51 -4 M47 ${top + 2} L51 -4 M-40 50 L-52 16 M40 50 L52 16" stroke="${shade(colour, 0.9)}" stroke-width="2.4" fill="none"/>` +
    `<path d="M-47 ${top + 2} Q-20 ${top - 2} 0 ${top - 6} Q20 ${top - 2} 47 ${top + 2} C47 26 42 42 28 56 Q0 74 -28 56 C-42 42 -47 26 -47 ${top + 2}Z" fill="${colour}" stroke="${edge}" stroke-width="1.6"/>` +
    `<path d="M-46 ${top + 6} C-44 30 -38 46 -26 57 Q-14 64 -6 65 C-24 48 -30 26 -28 ${top + 2}Z" fill="${shade(colour, 0.8)}" opacity="0.55"/>` +
    (pleats
      ? [20, 31, 42]
          .map((y) => `<path d="M-42 ${y} Q0 ${y + 6} 42 ${y}" fill="none" stroke="${edge}" stroke-width="2"/>`)
          .join("")
      : `<path d="M0 ${top - 6} Q4 30 0 66" fill="none" stroke="${edge}" stroke-width="2"/>`)
  );
}

function fringe(hair: string, random: () => number): string {
  const kind = random();
  if (kind < 0.1) return ""; // bald
  const line = between(random, -48, -36);
  const part = between(random, -25, 25);
  return (
    `<path d="M-52 -6 C-58 -60 -34 -84 0 -84 C34 -84 58 -60 52 -6 C48 -22 44 ${line + 8} ${30 + part * 0.3} ${line} Q${part} ${line - 12} ${-30 + part * 0.3} ${line} C-44 ${line + 8} -48 -22 -52 -6Z" fill="${hair}"/>` +
    `<path d="M-34 -66 Q0 -84 34 -66" fill="none" stroke="${shade(hair, 1.35)}" stroke-width="5" opacity="0.45"/>`
  );
}

function longHair(hair: string, random: () => number): string {
  if (random() < 0.55) return "";
  return `<path d="M-54 -20 C-60 -74 60 -74 54 -20 L62 70 Q40 86 34 60 L-34 60 Q-40 86 -62 70Z" fill="${shade(hair, 0.75)}"/>`;
}

function shoulders(below: number, random: () => number): string {
  const cloth = pick(CLOTHES, random);
  return (
    `<path d="M-24 74 C-50 84 -104 90 -116 130 L-124 ${below} L124 ${below} L116 130 C104 90 50 84 24 74 Q0 92 -24 74Z" fill="${cloth}"/>` +
    `<path d="M-24 74 Q0 100 24 74" fill="none" stroke="${shade(cloth, 0.6)}" stroke-width="5"/>` +
    `<path d="M-70 100 L-76 ${below} M70 100 L76 ${below}" stroke="${shade(cloth, 0.75)}" stroke-width="4"/>`
  );
}

/**
 * A wall with a few things that are no faces: frames, shelves, balls, lamps. The wall itself stays sharp, for a blur
 * darkens its edge.
 */
function drawWall(width: number, height: number, random: () => number): string {
  const wall = pick(WALLS, random);
  const things = Array.from({ length: 3 + Math.floor(random() * 6) }, () => {
    const colour = pick([...WALLS, ...CLOTHES, ...SKINS], random);
    const [x, y, w, h] = [random() * width, random() * height, random() * width * 0.3, random() * height * 0.4];
    return random() < 0.6
      ? `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${colour}"/>`
      : `<ellipse cx="${x}" cy="${y}" rx="${w / 2}" ry="${h / 2}" fill="${colour}"/>`;
  });
  const floor = `<rect y="${height * 0.7}" width="${width}" height="${height}" fill="${shade(wall, 0.75)}"/>`;
  return `<rect width="${width}" height="${height}" fill="${wall}"/>${floor}<g filter="url(#far)">${things.join("")}</g>`;
}

function pick<T>(list: readonly [T, ...T[]] | readonly T[], random: () => number): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new RangeError("An empty list has nothing to pick from.");
  return found;
}

function between(random: () => number, low: number, high: number): number {
  return low + (high - low) * random();
}

/** The colour, darker below 1 and lighter above. */
function shade(colour: string, factor: number): string {
  const channels = [1, 3, 5].map((at) =>
    Math.min(255, Math.round(Number.parseInt(colour.slice(at, at + 2), 16) * factor)),
  );
  return `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
