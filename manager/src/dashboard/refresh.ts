/**
 * Pages whose content the server writes: fetched again and shown when nobody works in them. Returns what asks for it
 * now.
 */
export function mountRefresh(selector: string, everyMs: number): () => void {
  let busy = false;
  const refresh = async (): Promise<void> => {
    const place = document.querySelector<HTMLElement>(selector);
    if (busy || place === null || document.hidden || isInUse(place)) return;
    busy = true;
    try {
      const response = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!response.ok || response.redirected) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector(selector);
      if (fresh !== null && !isInUse(place)) place.replaceChildren(...fresh.childNodes);
    } catch {
      // The connection's sign says that the server is away; the next round tries again.
    } finally {
      busy = false;
    }
  };
  setInterval(() => void refresh(), everyMs);
  return () => void refresh();
}

/** Something in it is open, focused or marked. */
function isInUse(place: HTMLElement): boolean {
  if (place.querySelector("details[open], input:focus, button:focus") !== null) return true;
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && place.contains(selection.anchorNode);
}
