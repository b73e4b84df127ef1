import { say } from "./actions.ts";

/** Menus close on Escape and on a click elsewhere, and only one is open; the copy buttons copy. */
export function mountMenus(): void {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(target)) menu.removeAttribute("open");
    }
    const copy = target?.closest<HTMLElement>("[data-copy]");
    if (copy == null) return;
    const text = copy.dataset.copy ?? "";
    copy.closest("details")?.removeAttribute("open");
    // Refused without https and without permission; the text can be marked by hand then.
    navigator.clipboard?.writeText(text).then(
      () => say(`Copied ${text}.`, "ok"),
      () => say(`Could not copy; the text is ${text}`, "warn"),
    ) ?? say(`Could not copy; the text is ${text}`, "warn");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.removeAttribute("open");
      menu.querySelector("summary")?.focus();
    }
  });
  const side = document.querySelector<HTMLDetailsElement>("[data-side-menu]");
  side?.addEventListener("toggle", () => document.body.classList.toggle("side-open", side.open));
}
