import type { IconName } from "./icons.ts";

/** One icon as an element, for browser code. */
export function createIcon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "eg-icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#eg-i-${name}`);
  svg.append(use);
  return svg;
}
