/**
 * The few characters of a frame's tag as pen strokes, so that tags look the same on machines without fonts (a fresh
 * server has none). Units: baseline at y = 10, digits 10 high, small letters from y = 4.
 */
interface Glyph {
  readonly advance: number;
  readonly strokes: string;
}

const GLYPHS: Readonly<Record<string, Glyph>> = {
  " ": { advance: 3, strokes: "" },
  ".": { advance: 1.4, strokes: "M.4 10V9.9" },
  "✓": { advance: 8, strokes: "M0 6L3 9L8 1" },
  "✕": { advance: 7, strokes: "M0 1.5L7 8.5M7 1.5L0 8.5" },
  a: {
    advance: 5,
    strokes: "M.4 5C1 4.3 1.8 4 2.8 4 4.2 4 5 4.7 5 6V10M5 7H2.4C1 7 .2 7.6 .2 8.5S1 10 2.2 10 5 9.4 5 8",
  },
  k: { advance: 5, strokes: "M0 0V10M4.6 4L0 8.2M1.6 6.8L5 10" },
  m: {
    advance: 8.4,
    strokes: "M0 10V4M0 6C0 4.6 1 4 2.2 4S4.2 4.7 4.2 6V10M4.2 6C4.2 4.6 5.2 4 6.4 4S8.4 4.7 8.4 6V10",
  },
  n: { advance: 5, strokes: "M0 10V4M0 6.4C0 4.8 1.1 4 2.5 4S5 4.8 5 6.4V10" },
  o: { advance: 5.4, strokes: "M2.7 4C4.2 4 5.4 5.2 5.4 7S4.2 10 2.7 10 0 8.8 0 7 1.2 4 2.7 4Z" },
  s: {
    advance: 4.8,
    strokes:
      "M4.6 4.9C4 4.3 3.4 4 2.5 4 1.3 4 .5 4.6 .5 5.4S1.2 6.7 2.5 6.9 4.8 7.5 4.8 8.5 3.8 10 2.5 10 .6 9.6 0 8.9",
  },
  "0": { advance: 5.4, strokes: "M2.7 0C4.5 0 5.4 2 5.4 5S4.5 10 2.7 10 0 8 0 5 .9 0 2.7 0Z" },
  "1": { advance: 3.4, strokes: "M.4 1.8L3 0V10" },
  "2": { advance: 5.4, strokes: "M.2 2.6C.2 1 1.3 0 2.7 0S5.2 1 5.2 2.6C5.2 5 .2 7.4 0 10H5.4" },
  "3": {
    advance: 5.3,
    strokes:
      "M.3 1.6C.8 .6 1.6 0 2.7 0 4.1 0 5 1 5 2.4S4 4.7 2.2 4.7C4.2 4.7 5.3 5.8 5.3 7.3S4.2 10 2.6 10 .4 9.4 0 8.2",
  },
  "4": { advance: 5.6, strokes: "M4.2 10V0L0 7H5.6" },
  "5": {
    advance: 5.4,
    strokes: "M5 0H1L.5 4.6C1.2 4 1.9 3.7 2.8 3.7 4.3 3.7 5.4 4.9 5.4 6.8S4.2 10 2.6 10C1.4 10 .5 9.4 0 8.4",
  },
  "6": {
    advance: 5.4,
    strokes: "M4.8 1.2C4.3 .4 3.6 0 2.8 0 1 0 0 2.2 0 5.6 0 8.4 1 10 2.7 10S5.4 8.7 5.4 6.9 4.3 4 2.8 4 0 5.2 0 6.9",
  },
  "7": { advance: 5.2, strokes: "M0 0H5.2L1.8 10" },
  "8": {
    advance: 5.4,
    strokes:
      "M2.7 0C4.1 0 5 1 5 2.4S4.1 4.7 2.7 4.7 .4 3.8 .4 2.4 1.3 0 2.7 0ZM2.7 4.7C4.3 4.7 5.4 5.8 5.4 7.3S4.3 10 2.7 10 0 8.8 0 7.3 1.1 4.7 2.7 4.7Z",
  },
  "9": {
    advance: 5.4,
    strokes:
      "M.6 8.8C1.1 9.6 1.8 10 2.6 10 4.4 10 5.4 7.8 5.4 4.4 5.4 1.6 4.4 0 2.7 0S0 1.3 0 3.1 1.1 6 2.6 6 5.4 4.8 5.4 3.1",
  },
};

const GAP = 1.9;

/**
 * SVG of the text in white strokes, its digits `height` pixels high, with the width that it takes. Characters without
 * strokes are left out.
 */
export function letter(
  text: string,
  at: { readonly left: number; readonly top: number; readonly height: number },
): { svg: string; width: number } {
  const scale = at.height / 10;
  let x = 0;
  const paths: string[] = [];
  for (const character of text) {
    const glyph = GLYPHS[character];
    if (glyph === undefined) continue;
    if (glyph.strokes !== "") paths.push(`<path transform="translate(${x.toFixed(2)} 0)" d="${glyph.strokes}"/>`);
    x += glyph.advance + GAP;
  }
  const svg = `<g transform="translate(${at.left} ${at.top}) scale(${scale})" fill="none" stroke="#fff" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">${paths.join("")}</g>`;
  return { svg, width: Math.max(0, x - GAP) * scale };
}
