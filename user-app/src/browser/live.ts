import { isSignInPage } from "@elastic-gas/shared/ui/session-ended";
import { type Answer, mountAnswerNote } from "./answer-note.ts";

const FAST_MS = 1_000;
const SLOW_MS = 4_000;
/** Most jobs are done by then; after it the page asks less often. */
const FAST_FOR_MS = 30_000;
/** A worker that is asked longer than this is taken for one that is away. */
const ANSWER_LIMIT_MS = 8_000;

interface LiveOptions {
  /** Everything that a part needs which was replaced. */
  readonly mountPart: (part: ParentNode) => void;
  /** The server's clock. */
  readonly now: () => number;
}

/**
 * Keeps a page's changing part current by polling, which needs no open connection: any worker may answer, also one that
 * is about to end. A job's page asks for its version and fetches itself again only when that changed; the list fetches
 * itself. Nothing is asked while the tab is hidden.
 */
export function mountLive(root: Document, { mountPart, now }: LiveOptions): void {
  const begin = now();
  const current = () => root.querySelector<HTMLElement>("[data-live-part]");
  if (current() === null) return;
  const tell = mountAnswerNote(root, now);
  let asking = false;
  let isOver = false;

  const ask = async (force: boolean): Promise<void> => {
    const part = current();
    if (part === null || asking || isOver || root.hidden || (part.dataset.live === "" && !force)) return;
    asking = true;
    const askedAt = now();
    try {
      const state = force ? undefined : await readState(part);
      if (state === undefined || state.version !== part.dataset.liveVersion) await replace(part);
      else if (typeof state.log === "string") writeLog(part, state.log);
      tell("given", askedAt);
    } catch (error) {
      // Offline or a worker that ends: the next round asks again.
      const answer = error instanceof NoAnswer ? error.answer : "none";
      isOver = answer === "signed-out";
      tell(answer, askedAt);
    } finally {
      asking = false;
    }
  };
  const replace = async (part: HTMLElement): Promise<void> => {
    const response = await fetchAnswer(location.href, "text/html");
    // The log of a job that ended without one: the page itself says why.
    if (response.status === 404 && part.dataset.livePart === "log") location.reload();
    if (!response.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector<HTMLElement>("[data-live-part]");
    if (fresh === null) return;
    keepToken(fresh);
    keepCountdowns(part, fresh);
    if (fresh.innerHTML === part.innerHTML) return;
    const before = wordsOf(part);
    const adopted = root.importNode(fresh, true);
    keepTicks(part, adopted);
    const place = placeIn(part);
    part.replaceWith(adopted);
    mountPart(adopted);
    returnTo(place, adopted);
    const after = wordsOf(adopted);
    if (after !== before && adopted.dataset.livePart === "job") announce(root, after);
  };
  const round = () => {
    const pause = now() - begin < FAST_FOR_MS ? FAST_MS : SLOW_MS;
    setTimeout(() => void ask(false).finally(round), pause);
  };
  round();
  root.addEventListener("visibilitychange", () => void ask(false));
  // A countdown ended: the download is over, whatever the version said.
  root.addEventListener("eg:over", () => void ask(true));
}

/** Undefined: the part has no state of its own. A refusal, as of a job that was deleted, changes nothing. */
async function readState(part: HTMLElement): Promise<{ version?: unknown; log?: unknown } | undefined> {
  const url = part.dataset.liveUrl;
  if (url === undefined) return undefined;
  const response = await fetchAnswer(url, "application/json");
  if (!response.ok) return { version: part.dataset.liveVersion };
  const state: unknown = await response.json();
  return typeof state === "object" && state !== null ? state : undefined;
}

/** In its place, so that what a reader has selected and where the page is scrolled to stays. */
function writeLog(part: HTMLElement, log: string): void {
  const shown = part.querySelector<HTMLElement>("[data-live-log]");
  if (shown === null || shown.textContent === log) return;
  const place = placeInLog(part);
  shown.textContent = log;
  returnToLog(place, part);
}

/** How far the log is scrolled, pixels; one that is scrolled to its end follows it. */
function placeInLog(part: HTMLElement): number | "end" {
  const log = part.querySelector<HTMLElement>("[data-live-log]");
  if (log === null) return 0;
  return log.scrollTop + log.clientHeight >= log.scrollHeight - 1 ? "end" : log.scrollTop;
}

function returnToLog(place: number | "end", part: HTMLElement): void {
  const log = part.querySelector<HTMLElement>("[data-live-log]");
  if (log !== null) log.scrollTop = place === "end" ? log.scrollHeight : place;
}

class NoAnswer extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer);
    this.answer = answer;
  }
}

/** What a worker answers; throws NoAnswer when none does, or when the session has ended. */
async function fetchAnswer(url: string, accept: string): Promise<Response> {
  const response = await fetch(url, { headers: { accept }, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  if (response.status === 401 || (response.redirected && isSignInPage(response.url))) throw new NoAnswer("signed-out");
  if (response.status >= 500) throw new NoAnswer("none");
  return response;
}

/** Each answer masks the session's token differently; the page's own is as good, and no change of the part. */
function keepToken(fresh: HTMLElement): void {
  const token = document.body.dataset.csrf ?? "";
  for (const field of fresh.querySelectorAll('input[name="_csrf"]')) field.setAttribute("value", token);
}

/** A countdown goes on by itself; a second less is no change of the part. */
function keepCountdowns(old: HTMLElement, fresh: HTMLElement): void {
  const shown = new Map(
    [...old.querySelectorAll<HTMLElement>("[data-countdown-to]")].map((each) => [
      each.dataset.countdownTo,
      each.textContent,
    ]),
  );
  for (const each of fresh.querySelectorAll<HTMLElement>("[data-countdown-to]")) {
    each.textContent = shown.get(each.dataset.countdownTo) ?? each.textContent;
  }
}

/** What was ticked stays so. */
function keepTicks(old: HTMLElement, fresh: HTMLElement): void {
  const ticked = [...old.querySelectorAll<HTMLInputElement>("input[data-keep]:checked")].map(({ value }) => value);
  for (const box of fresh.querySelectorAll<HTMLInputElement>("input[data-keep]"))
    box.checked = ticked.includes(box.value);
}

interface Place {
  /** What has the focus, and which one it is of those that are called the same. */
  readonly focused: { readonly name: string; readonly index: number } | undefined;
  /** How far each table is scrolled sideways, pixels. */
  readonly scrolled: readonly number[];
  readonly log: number | "end";
}

/** Where a reader is: a part that is replaced forgets it. */
function placeIn(part: HTMLElement): Place {
  const { activeElement } = document;
  const all = focusable(part);
  const focused = all.find((each) => each === activeElement);
  return {
    focused:
      focused === undefined
        ? undefined
        : { name: nameOf(focused), index: all.filter((each) => nameOf(each) === nameOf(focused)).indexOf(focused) },
    scrolled: tableBoxes(part).map((box) => box.scrollLeft),
    log: placeInLog(part),
  };
}

function returnTo({ focused, scrolled, log }: Place, part: HTMLElement): void {
  returnToLog(log, part);
  for (const [index, box] of tableBoxes(part).entries()) box.scrollLeft = scrolled[index] ?? 0;
  if (focused === undefined) return;
  const same = focusable(part).filter((each) => nameOf(each) === focused.name);
  same[focused.index]?.focus({ preventScroll: true });
}

function focusable(part: HTMLElement): readonly HTMLElement[] {
  return [...part.querySelectorAll<HTMLElement>("a[href], button, input, select, summary, [tabindex]")];
}

function nameOf(element: HTMLElement): string {
  const attributes = ["id", "href", "name", "value", "aria-label"].map((name) => element.getAttribute(name) ?? "");
  return [element.localName, ...attributes, element.closest("form")?.getAttribute("action") ?? ""].join(" ");
}

function tableBoxes(part: HTMLElement): readonly HTMLElement[] {
  return [...part.querySelectorAll<HTMLElement>(".eg-table-box")];
}

function wordsOf(part: HTMLElement): string {
  return part.querySelector("[data-job-status]")?.textContent?.trim() ?? "";
}

function announce(root: Document, words: string): void {
  const region = root.querySelector("[data-announce]");
  if (region !== null) region.textContent = words;
}
