import { formatTime, formatUtc, type TimeStyle } from "../format/times.ts";
import { type Child, type Html, h, trustedHtml } from "../web/html.ts";
import { ICON_ATTRIBUTES } from "./icon-attributes.ts";
import { ICON_SYMBOLS, type IconName } from "./icons.ts";
import { NOTE_ICONS, type Note, STATES, type StateWord } from "./states.ts";

/** The hidden sprite with every icon; it stands once in a page, right after its `body` begins. */
export function iconSprite(): Html {
  return h("svg", {
    class: "eg-sprite",
    width: 0,
    height: 0,
    "aria-hidden": "true",
    xmlns: "http://www.w3.org/2000/svg",
    dangerouslySetInnerHTML: trustedHtml(ICON_SYMBOLS),
  });
}

/** One icon. Icons are decoration: the words beside them carry the meaning. */
export function icon(name: IconName): Html {
  return h("svg", ICON_ATTRIBUTES, h("use", { href: `#eg-i-${name}` }));
}

/** A state: glyph, word (`text` when it differs, "2 warming") and an optional grey detail ("43 %"). */
export function state(word: StateWord, { text = word, detail = "" }: { text?: string; detail?: string } = {}): Html {
  const { icon: glyph, tone } = STATES[word];
  return h(
    "span",
    { class: `eg-state eg-tone-${tone}` },
    icon(glyph),
    h("span", {}, text),
    detail !== "" && h("span", { class: "eg-state-detail" }, detail),
  );
}

/** A note. Errors are announced once, by their role. */
export function note({ tone, start, text = "", icon: glyph = NOTE_ICONS[tone], action }: Note): Html {
  return h(
    "div",
    { class: `eg-note eg-note-${tone}`, role: tone === "bad" ? "alert" : undefined },
    icon(glyph),
    h("p", { class: "eg-note-text" }, h("strong", {}, start), " ", text),
    action !== undefined && h("a", { class: "eg-note-action", href: action.href }, action.text),
  );
}

/** An instant in `zone`, which `mountLocalTimes` turns into the reader's zone; UTC on hover. */
export function time(
  at: Date,
  style: TimeStyle,
  { zone, now }: { readonly zone: string; readonly now?: Date | undefined },
): Html {
  return h(
    "time",
    { datetime: at.toISOString(), "data-local-time": style, title: formatUtc(at) },
    formatTime(at, style, { zone, now }),
  );
}

/** What stands where a list is empty: an icon, a title, and what to do. */
export function emptyState(glyph: IconName, title: string, ...rest: readonly Child[]): Html {
  return h("div", { class: "eg-empty" }, icon(glyph), h("p", { class: "eg-empty-title" }, title), ...rest);
}
