/**
 * Sets the theme before the first paint. Bundle it as an entry of its own and load it as a classic, blocking script in
 * `<head>`, before the style sheet: it imports nothing and exports nothing. The saved choice wins over the system's.
 */
(() => {
  let saved: string | null = null;
  try {
    saved = localStorage.getItem("eg-theme");
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  const dark = saved === null ? matchMedia("(prefers-color-scheme: dark)").matches : saved === "dark";
  document.documentElement.setAttribute("data-bs-theme", dark ? "dark" : "light");
})();
