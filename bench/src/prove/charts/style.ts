/** The dashboard's colours in both themes; an SVG file has no page whose custom properties it could read. */
const COLOURS = {
  surface: ["#ffffff", "#171e27"],
  text: ["#1a2330", "#e4e9f0"],
  quiet: ["#525d6c", "#a7b2c0"],
  accent: ["#3457d5", "#93adff"],
  onAccent: ["#ffffff", "#0c1530"],
  grid: ["#e7eaee", "#26303c"],
  line: ["#2a3442", "#dbe2ea"],
  band: ["#b971001a", "#d99a3321"],
  ok: ["#0f8a6a", "#3fb68e"],
  mute: ["#7d8797", "#738193"],
  drain: ["#94559f", "#bb80c8"],
  cpu: ["#3457d5", "#93adff"],
  requests: ["#0b7379", "#4cc3c8"],
  latency: ["#8a4799", "#d69be3"],
  queue: ["#915c00", "#e2ac52"],
  load: ["#e9eefc", "#222e4f"],
} as const satisfies Record<string, readonly [string, string]>;

export type Colour = keyof typeof COLOURS;

/**
 * Writes the look of each class beside it, as attributes that every viewer of SVG understands: `f-<colour>` fills,
 * `s-<colour>` draws a line. The style sheet only overrides them for dark pages.
 */
export function withAttributes(svg: string): string {
  return svg.replace(/<(\w+)([^>]*?) class="([^"]+)"/g, (_, element: string, before: string, classes: string) => {
    const names = classes.split(" ");
    const attributes = names.flatMap((name) => LOOKS[name] ?? colourOf(name));
    const isOutline = element !== "text" && names.some((name) => name.startsWith("s-"));
    const kept = names.filter((name) => colourOf(name).length > 0);
    const all = [...attributes, ...(isOutline ? ['fill="none"'] : [])].join(" ");
    return `<${element}${before}${kept.length === 0 ? "" : ` class="${kept.join(" ")}"`} ${all}`;
  });
}

const LOOKS: Readonly<Record<string, readonly string[]>> = {
  h: ['font-size="16"', 'font-weight="600"'],
  b: ['font-weight="600"'],
  end: ['text-anchor="end"'],
  mid: ['text-anchor="middle"'],
  l: ['stroke-width="2"', 'stroke-linejoin="round"'],
  t: ['stroke-width="1"'],
};

function colourOf(name: string): readonly string[] {
  const [kind, colour = ""] = name.split("-");
  const shown = Object.entries(COLOURS).find(([key]) => key === colour)?.[1][0];
  if (shown === undefined) return [];
  const attribute = kind === "f" ? "fill" : "stroke";
  // Eight digits are no colour to many viewers.
  if (shown.length === 7) return [`${attribute}="${shown}"`];
  const opacity = Number.parseInt(shown.slice(7), 16) / 255;
  return [`${attribute}="${shown.slice(0, 7)}"`, `${attribute}-opacity="${opacity.toFixed(2)}"`];
}

/** What dark pages change; an eight-digit colour brings its own opacity. */
export function styleSheet(): string {
  const rules = Object.entries(COLOURS).map(
    ([name, [, dark]]) =>
      `.f-${name}{fill:${dark}${dark.length > 7 ? ";fill-opacity:1" : ""}}.s-${name}{stroke:${dark}}`,
  );
  return [
    "<style>",
    "text{font-variant-numeric:tabular-nums}",
    `@media (prefers-color-scheme: dark){${rules.join("")}}`,
    "</style>",
  ].join("\n");
}

/** Hatched fills of workers that do not serve yet, or no more. */
export function patterns(): string {
  const hatch = (name: Colour, angle: number) =>
    `<pattern id="hatch-${name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(${angle})"><path d="M0 3H6" class="s-${name}" stroke-width="2.5"/></pattern>`;
  return `<defs>${hatch("mute", 45)}${hatch("drain", -45)}</defs>`;
}

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
