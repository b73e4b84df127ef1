/** Opens the entry that the address names, so that a link to a decision shows its numbers. */
export function mountDecisionsPage(main: HTMLElement): void {
  const open = (): void => {
    const id = location.hash.slice(1);
    if (id === "") return;
    const entry = [...main.querySelectorAll(".entry")].find((each) => each.id === id);
    entry?.querySelector("details")?.setAttribute("open", "");
    entry?.scrollIntoView({ block: "nearest" });
  };
  window.addEventListener("hashchange", open);
  open();
}
