/** Closes open menus on Escape and on clicks elsewhere; `/` moves to the page's filter. */
export function mountMenus(root: Document): void {
  const menus = root.querySelectorAll<HTMLDetailsElement>("details[data-menu]");
  root.addEventListener("click", (event) => {
    for (const menu of menus) {
      if (menu.open && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
    }
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      for (const menu of menus) {
        if (!menu.open) continue;
        menu.open = false;
        menu.querySelector("summary")?.focus();
      }
    }
    const typing = event.target instanceof HTMLElement && event.target.closest("input, select, textarea") !== null;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const filter = root.querySelector<HTMLInputElement>("[data-key-filter]");
      if (filter === null) return;
      event.preventDefault();
      filter.focus();
    }
  });
}
