const LEAST_MS = 10_000;
let last = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Says a sentence in the page's one polite live region. */
export function announce(sentence: string): void {
  const region = document.querySelector("[data-announce]");
  if (region !== null) region.textContent = sentence;
  last = Date.now();
}

/** The same for what changes by itself: at most once in 10 s, the latest wins. */
export function announceCalmly(sentence: string): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => announce(sentence), Math.max(0, last + LEAST_MS - Date.now()));
}
