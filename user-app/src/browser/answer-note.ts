import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatTime } from "@elastic-gas/shared/format/times";
import { note } from "@elastic-gas/shared/ui/parts";
import { renderInto } from "@elastic-gas/shared/ui/render-into";
import type { Note } from "@elastic-gas/shared/ui/states";

/** How the server answered a page that asks by itself. */
export type Answer = "given" | "none" | "signed-out";

/** One lost answer is not worth a note. */
const NOTED_MS = 5_000;
const BACK_SHOWN_MS = 15_000;

/** Says above a page's content since when nobody answers, that the session has ended, or that answers are back. */
export function mountAnswerNote(root: Document, clock: () => number): (answer: Answer, askedAt: number) => void {
  const place = root.createElement("div");
  place.className = "app-answer-note";
  place.setAttribute("role", "status");
  root.querySelector("main")?.prepend(place);
  let lostAt: number | undefined;
  let isNoted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const show = (shown: Note | null) => {
    clearTimeout(timer);
    renderInto(place, shown === null ? null : note(shown));
  };

  return (answer, askedAt) => {
    const now = clock();
    if (answer === "signed-out") {
      const next = encodeURIComponent(location.pathname + location.search);
      show({
        tone: "warn",
        start: `You were signed out before ${formatTime(now, "time")}.`,
        text: "The page shows what was known then.",
        action: { href: `/login?next=${next}`, text: "Sign in" },
      });
      return;
    }
    if (answer === "none") {
      lostAt ??= askedAt;
      if (isNoted || now - lostAt < NOTED_MS) return;
      isNoted = true;
      show({
        tone: "warn",
        start: `No answer since ${formatTime(lostAt, "time")}.`,
        text: "The page shows what was known then, and asks again by itself.",
      });
      return;
    }
    if (isNoted && lostAt !== undefined) {
      show({ tone: "ok", start: `Answers are back after ${formatInterval(now - lostAt)}.` });
      timer = setTimeout(() => show(null), BACK_SHOWN_MS);
    }
    lostAt = undefined;
    isNoted = false;
  };
}
