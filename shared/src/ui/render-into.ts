import { render } from "preact";
import type { Html } from "../web/html.ts";

/** Brings what stands inside `container`, also what the server wrote there, in line with `html`. Null empties it. */
export function renderInto(container: Element, html: Html | null): void {
  render(html, container);
}
