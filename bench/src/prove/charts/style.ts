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
 * Classes `f-<colour>` fill and `s-<colour>` draw a line; plain rules, because not every viewer of SVG knows custom
 * properties.
 */
export function styleSheet(): string {
  const rules = (theme: 0 | 1) =>
    Object.entries(COLOURS)
      .map(([name, colours]) => `.f-${name}{fill:${colours[theme]}}.s-${name}{stroke:${colours[theme]}}`)
      .join("");
  return [
    "<style>",
    "text{font-family:Inter,system-ui,sans-serif;font-size:12px;font-variant-numeric:tabular-nums}",
    ".h{font-size:16px;font-weight:600}.b{font-weight:600}.end{text-anchor:end}.mid{text-anchor:middle}",
    "[class*='s-']:not(text){fill:none}.l{stroke-width:2;stroke-linejoin:round}.t{stroke-width:1}",
    rules(0),
    `@media (prefers-color-scheme: dark){${rules(1)}}`,
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
