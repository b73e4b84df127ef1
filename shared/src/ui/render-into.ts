import { hydrate, render } from "preact";
import type { Html } from "../web/html.ts";

/** Brings what stands inside `container`, also what the server wrote there, in line with `html`. Null empties it. */
export function renderInto(container: Element, html: Html | null): void {
  render(html, container);
}

/** Takes what stands inside `container` for what `html` writes, as it is, so that the next `renderInto` changes it. */
export function adoptHtml(container: Element, html: Html): void {
  hydrate(html, container);
}
