const patterns = new Map<string, CanvasPattern | null>();
const SIZE = 6;

/** Diagonal lines in one colour, on nothing. */
export function hatch(context: CanvasRenderingContext2D, colour: string, lineWidth = 1): CanvasPattern | string {
  const key = `${colour} ${lineWidth}`;
  let pattern = patterns.get(key);
  if (pattern === undefined) {
    const tile = document.createElement("canvas");
    const ratio = Math.ceil(window.devicePixelRatio || 1);
    tile.width = SIZE * ratio;
    tile.height = SIZE * ratio;
    const drawing = tile.getContext("2d");
    if (drawing === null) return colour;
    drawing.scale(ratio, ratio);
    drawing.strokeStyle = colour;
    drawing.lineWidth = lineWidth;
    drawing.beginPath();
    for (const shift of [-SIZE, 0, SIZE]) {
      drawing.moveTo(shift - 1, SIZE + 1);
      drawing.lineTo(shift + SIZE + 1, -1);
    }
    drawing.stroke();
    pattern = context.createPattern(tile, "repeat");
    pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
    patterns.set(key, pattern);
  }
  return pattern ?? colour;
}

/** The same colour, more or less transparent; takes #rgb, #rrggbb and #rrggbbaa. */
export function withAlpha(colour: string, alpha: number): string {
  const hex = colour.length === 4 ? `#${[...colour.slice(1)].map((digit) => digit + digit).join("")}` : colour;
  return `${hex.slice(0, 7)}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, "0")}`;
}
