export type Theme = "light" | "dark";

const STORAGE_KEY = "eg-theme"; // theme-early.ts reads the same key

function currentTheme(): Theme {
  return document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light";
}

/**
 * Makes every `[data-theme-toggle]` button switch between light and dark and remember the choice; follows the system
 * until one is made. Fires
 * `eg:theme` on the document, so that charts read their colours again.
 */
export function mountThemeToggle(root: ParentNode): void {
  const buttons = root.querySelectorAll<HTMLButtonElement>("[data-theme-toggle]");
  const set = (theme: Theme) => {
    document.documentElement.dataset.bsTheme = theme;
    for (const button of buttons) {
      button.hidden = false;
      button.setAttribute("aria-label", theme === "dark" ? "Use the light theme" : "Use the dark theme");
    }
    document.dispatchEvent(new CustomEvent("eg:theme", { detail: theme }));
  };
  set(currentTheme());
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const theme: Theme = currentTheme() === "dark" ? "light" : "dark";
      try {
        localStorage.setItem(STORAGE_KEY, theme);
      } catch {
        // Storage may be forbidden; the choice then lasts for this page.
      }
      set(theme);
    });
  }
  // Paper is white: a dark page is printed light.
  let shown = currentTheme();
  addEventListener("beforeprint", () => {
    shown = currentTheme();
    set("light");
  });
  addEventListener("afterprint", () => set(shown));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (change) => {
    if (savedTheme() === null) set(change.matches ? "dark" : "light");
  });
}

function savedTheme(): string | null {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}
