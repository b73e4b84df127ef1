import { adoptHtml, renderInto } from "@elastic-gas/shared/ui/render-into";
import { type Child, fragment } from "@elastic-gas/shared/web/html";
import { createElement } from "preact";

/**
 * Pages whose content the server writes: fetched again and brought in line. What stays the same stays as it is, with
 * the focus in it, what is opened and what is marked. Returns what asks for it now.
 */
export function mountRefresh(selector: string, everyMs: number): () => void {
  let adopted: Element | null = null;
  let asked = 0;
  const refresh = async (): Promise<void> => {
    const place = document.querySelector(selector);
    if (place === null || document.hidden) return;
    asked += 1;
    const mine = asked;
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!response.ok || response.redirected) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector(selector);
      // One that was asked for later may know more.
      if (fresh === null || mine !== asked) return;
      if (adopted !== place) adoptHtml(place, fragment(contentOf(place)));
      adopted = place;
      renderInto(place, fragment(contentOf(fresh)));
    } catch {
      // The connection's sign says that the server is away; the next round tries again.
    }
  };
  setInterval(() => void refresh(), everyMs);
  return () => void refresh();
}

function contentOf(element: Element): readonly Child[] {
  return [...element.childNodes].map((node) => (node instanceof Element ? copyOf(node) : node.textContent));
}

/** The same element as the views write it; what has an id is known by it when others come before it. */
function copyOf(element: Element): Child {
  const attributes: Record<string, unknown> = {};
  for (const { name, value } of element.attributes) {
    // What a reader opened stays open.
    if (name === "open") continue;
    attributes[name] = typeof Reflect.get(element, name) === "boolean" ? value !== "false" : value;
  }
  if (element.id !== "") attributes.key = element.id;
  return createElement(element.localName, attributes, ...contentOf(element)) as Child;
}
