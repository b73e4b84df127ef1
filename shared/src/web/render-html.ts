import { renderToString } from "preact-render-to-string";
import type { Html } from "./html.ts";

/** A piece of a page as text; every text and attribute value in it is escaped. */
export function renderHtml(html: Html): string {
  return renderToString(html);
}

/** A whole page, from its `html` element. */
export function renderDocument(html: Html): string {
  return `<!doctype html>\n${renderHtml(html)}`;
}
