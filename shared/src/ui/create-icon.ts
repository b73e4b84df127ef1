import { ICON_ATTRIBUTES } from "./icon-attributes.ts";
import type { IconName } from "./icons.ts";

/** One icon as an element, for browser code. */
export function createIcon(glyph: IconName): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries(ICON_ATTRIBUTES)) svg.setAttribute(name, String(value));
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#eg-i-${glyph}`);
  svg.append(use);
  return svg;
}
