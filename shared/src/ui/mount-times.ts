import { formatCountdown, formatDuration } from "../format/durations.ts";
import { formatTime, TIME_STYLES, type TimeStyle } from "../format/times.ts";

const STYLES: ReadonlySet<string> = new Set(TIME_STYLES);

/**
 * Rewrites every `<time data-local-time>` below `root` into the reader's zone, and names that zone in
 * `[data-time-zone]`. Safe to call again.
 */
export function mountLocalTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-local-time]")) {
    const at = new Date(element.dateTime);
    const style = element.dataset.localTime ?? "";
    if (Number.isNaN(at.getTime()) || !isTimeStyle(style)) continue;
    element.textContent = formatTime(at, style);
  }
  for (const element of root.querySelectorAll("[data-time-zone]")) {
    element.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
  }
}

/** Tells the server the reader's zone, so that what it writes is in the same one as what the page's script writes. */
export function rememberZone(): void {
  const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone);
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API works over https only.
  document.cookie = `zone=${zone}; path=/; max-age=31536000; SameSite=Lax`;
}

/**
 * Keeps countdowns (`[data-countdown-to]`, an ISO instant, "4:12") and ages (`[data-age-since]`, "12 s") current. At
 * the end of a countdown the element fires a bubbling `eg:over` event, once. Returns a function that stops the clock.
 */
export function mountClocks(root: ParentNode & EventTarget, now: () => number = Date.now): () => void {
  const over = new WeakSet<Element>();
  const update = () => {
    for (const element of root.querySelectorAll<HTMLElement>("[data-countdown-to]")) {
      const left = Date.parse(element.dataset.countdownTo ?? "") - now();
      if (Number.isNaN(left)) continue;
      element.textContent = formatCountdown(left);
      if (left <= 0 && !over.has(element)) {
        over.add(element);
        element.dispatchEvent(new CustomEvent("eg:over", { bubbles: true }));
      }
    }
    for (const element of root.querySelectorAll<HTMLElement>("[data-age-since]")) {
      const age = now() - Date.parse(element.dataset.ageSince ?? "");
      if (!Number.isNaN(age)) element.textContent = formatDuration(Math.round(age / 1_000));
    }
  };
  update();
  const timer = setInterval(update, 1_000);
  return () => clearInterval(timer);
}

function isTimeStyle(text: string): text is TimeStyle {
  return STYLES.has(text);
}
