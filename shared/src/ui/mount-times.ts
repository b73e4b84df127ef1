import { formatCountdown } from "../format/durations.ts";
import { formatTime, TIME_STYLES, type TimeStyle } from "../format/times.ts";

const STYLES: ReadonlySet<string> = new Set(TIME_STYLES);

/**
 * The server's clock, epoch milliseconds, by what it printed into the page (`data-now` of the body): the reader's own
 * may be minutes wrong, and deadlines and ages are the server's.
 */
export function serverClock(): () => number {
  const printed = Number(document.body.dataset.now);
  const offset = printed > 0 ? printed - Date.now() : 0;
  return () => Date.now() + offset;
}

/**
 * Rewrites every `<time data-local-time>` below `root` into the reader's zone, and names that zone in
 * `[data-time-zone]`. Safe to call again.
 */
export function mountLocalTimes(root: ParentNode, now: number): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[data-local-time]")) {
    const at = new Date(element.dateTime);
    const style = element.dataset.localTime ?? "";
    if (Number.isNaN(at.getTime()) || !isTimeStyle(style)) continue;
    element.textContent = formatTime(at, style, { now });
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
 * Keeps countdowns (`[data-countdown-to]`, an ISO instant, "4:12") current, and what is called today when a day ends.
 * At the end of a countdown the element fires a bubbling `eg:over` event, once.
 */
export function mountClocks(root: ParentNode & EventTarget, now: () => number): void {
  const over = new WeakSet<Element>();
  let today = formatTime(now(), "day");
  const update = () => {
    const day = formatTime(now(), "day");
    if (day !== today) mountLocalTimes(root, now());
    today = day;
    for (const element of root.querySelectorAll<HTMLElement>("[data-countdown-to]")) {
      const left = Date.parse(element.dataset.countdownTo ?? "") - now();
      if (Number.isNaN(left)) continue;
      element.textContent = formatCountdown(left);
      if (left <= 0 && !over.has(element)) {
        over.add(element);
        element.dispatchEvent(new CustomEvent("eg:over", { bubbles: true }));
      }
    }
  };
  update();
  setInterval(update, 1_000);
}

function isTimeStyle(text: string): text is TimeStyle {
  return STYLES.has(text);
}
