const STORAGE_KEY = "eg-keys";

/**
 * `/` filter, `g` then a pool's first letter, `r` range, `p` pause (asks), `?` help. Off inside fields; can be switched
 * off.
 */
export function mountKeys(): void {
  let waitsForPool = false;
  const help = createHelp();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !areKeysOn() || isTyping(event.target)) return;
    if (waitsForPool) {
      waitsForPool = false;
      const pool = { w: "web", a: "annotator", u: "utility" }[event.key];
      if (pool !== undefined) choosePool(pool);
      return;
    }
    switch (event.key) {
      case "/":
        focusFilter(event);
        break;
      case "g":
        waitsForPool = true;
        break;
      case "r":
        nextRange();
        break;
      case "p":
        pauseChosen();
        break;
      case "?":
        help.showModal();
        break;
    }
  });
  const open = document.querySelector<HTMLElement>("[data-help-open]");
  if (open === null) return;
  open.hidden = false;
  open.addEventListener("click", () => {
    open.closest("details")?.removeAttribute("open");
    help.showModal();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, [contenteditable]") !== null;
}

function focusFilter(event: KeyboardEvent): void {
  const filter = document.querySelector<HTMLElement>("[data-filter]");
  if (filter === null) return;
  event.preventDefault();
  filter.focus();
}

function choosePool(pool: string): void {
  const link = document.querySelector<HTMLAnchorElement>(
    `[data-pool-link="${pool}"], [data-pool="${pool}"] .pool-card-link`,
  );
  link?.click();
}

function nextRange(): void {
  const ranges = [...document.querySelectorAll<HTMLAnchorElement>("[data-ranges] a")];
  const chosen = ranges.findIndex((range) => range.hasAttribute("aria-current"));
  ranges[(chosen + 1) % ranges.length]?.click();
}

function pauseChosen(): void {
  const button = document.querySelector<HTMLButtonElement>(".pool-card-chosen [data-pause]");
  if (button === null) return;
  if (window.confirm(`${button.getAttribute("aria-label") ?? "Pause"}?`)) button.click();
}

function areKeysOn(): boolean {
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch {
    return true; // storage may be forbidden
  }
}

const KEYS = [
  ["/", "filter"],
  ["g, then w, a or u", "choose web, annotator or utility"],
  ["r", "next range"],
  ["p", "pause or resume the chosen pool (asks)"],
  ["← →", "move the cross-hair of a chart, Escape returns to now"],
  ["?", "this help"],
] as const;

function createHelp(): HTMLDialogElement {
  const dialog = document.createElement("dialog");
  dialog.className = "eg-panel help-dialog";
  const title = document.createElement("h2");
  title.textContent = "Keyboard shortcuts";
  const list = document.createElement("dl");
  list.className = "eg-facts";
  for (const [key, words] of KEYS) {
    const term = document.createElement("dt");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    term.append(kbd);
    const description = document.createElement("dd");
    description.textContent = words;
    list.append(term, description);
  }
  const choice = document.createElement("label");
  choice.className = "eg-check";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = areKeysOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(STORAGE_KEY, box.checked ? "on" : "off");
    } catch {
      // storage may be forbidden; the choice then lasts for this page only if at all
    }
  });
  choice.append(box, "Use keyboard shortcuts");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "eg-button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(title, list, choice, close);
  document.body.append(dialog);
  return dialog;
}
