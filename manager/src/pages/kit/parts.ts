import { formatUtc } from "@elastic-gas/shared/format/times";
import { ICON_ATTRIBUTES } from "@elastic-gas/shared/ui/icon-attributes";
import type { IconName } from "@elastic-gas/shared/ui/icons";
import { STATES, type StateWord } from "@elastic-gas/shared/ui/states";
import { type Child, type Html, h } from "@elastic-gas/shared/web/html";
import type { Mark } from "../../model/decisions/occurrence.ts";
import { type Reader, span, when } from "../../model/reader.ts";

/** The components of both sides: glyph, state, note, mark, time. Classes are those of shared/src/ui. */
export function icon(name: IconName): Html {
  return h("svg", ICON_ATTRIBUTES, h("use", { href: `#eg-i-${name}` }));
}

/** Glyph and word, never one alone. */
export function state(word: StateWord, text: string = word): Html {
  const { icon: glyph, tone } = STATES[word];
  return h("span", { class: `eg-state eg-tone-${tone}` }, icon(glyph), h("span", {}, text));
}

export interface NoteParts {
  readonly key?: string;
  readonly tone: "info" | "ok" | "warn" | "bad" | "drain" | "neutral";
  readonly glyph: IconName;
  readonly text: Child;
  readonly action?: Child;
}

export function note({ key, tone, glyph, text, action }: NoteParts): Html {
  return h(
    "div",
    { class: `eg-note eg-note-${tone}`, key: key },
    icon(glyph),
    h("p", { class: "eg-note-text" }, text),
    action != null && h("div", { class: "eg-note-action" }, action),
  );
}

/** Why a form was refused; announced when the page is read. */
export function alertNote(text: string): Html {
  return h(
    "div",
    { class: "eg-note eg-note-bad", role: "alert" },
    icon("warning"),
    h("p", { class: "eg-note-text" }, text),
  );
}

const MARK_CLASSES: Readonly<Record<Mark, readonly [string, string]>> = {
  G: ["grow", "grew"],
  S: ["shrink", "shrank"],
  M: ["manual", "manual"],
  R: ["replaced", "replaced"],
  P: ["policy", "policy saved"],
  I: ["policy", "start-up"],
};

export function mark(letter: Mark): Html {
  const [name, words] = MARK_CLASSES[letter];
  return h(
    "span",
    { class: `eg-mark eg-mark-${name}`, title: words },
    h("span", { "aria-hidden": "true" }, letter),
    h("span", { class: "visually-hidden" }, `${words}: `),
  );
}

/** An instant in the reader's zone; the instant in UTC on hover. */
export function time(at: number, reader: Reader, text?: string): Html {
  return h(
    "time",
    // A style of its own is left alone by the script that puts times into the reader's zone.
    {
      datetime: new Date(at).toISOString(),
      title: formatUtc(at),
      "data-style": text === undefined ? undefined : "own",
    },
    text ?? when(at, reader),
  );
}

/** A stretch of time; the script puts both ends into the reader's zone. */
export function timeSpan(stretch: { readonly from: number; readonly to: number }, reader: Reader): Html {
  const [start, end] = [new Date(stretch.from).toISOString(), new Date(stretch.to).toISOString()];
  return h("time", { datetime: start, "data-until": end, title: formatUtc(stretch.from) }, span(stretch, reader));
}

export function empty(glyph: IconName, title: string, text: Child, action?: Child): Html {
  return h(
    "div",
    { class: "eg-empty" },
    icon(glyph),
    h("p", { class: "eg-empty-title" }, title),
    h("p", {}, text),
    action,
  );
}

/** Whether what changes something is shown: a reader who may only look has no token. */
export function mayAct(csrf: string): boolean {
  return csrf !== "";
}

/** The token of a form, in the hidden field in which the server looks for it. */
export function csrfField(csrf: string): Html {
  return h("input", { type: "hidden", name: "_csrf", value: csrf });
}

/** A table that scrolls by itself when it is wider than the page; the box can be reached by key. */
export function tableBox(label: string, table: Html): Html {
  return h("div", { class: "eg-table-box", tabindex: 0, role: "region", "aria-label": label }, table);
}

/**
 * A form of one button that changes something: works without script, and is sent in the background with it. Null for
 * who may only look.
 */
export function actionForm(
  form: {
    readonly action: string;
    readonly csrf: string;
    readonly busy: string;
    readonly confirm?: string;
    readonly fields?: Readonly<Record<string, string>>;
  },
  button: Html,
): Html | null {
  if (!mayAct(form.csrf)) return null;
  const fields = { _csrf: form.csrf, ...form.fields };
  return h(
    "form",
    {
      method: "post",
      action: form.action,
      class: "action-form",
      "data-action": "",
      "data-busy-word": form.busy,
      "data-confirm": form.confirm,
    },
    Object.entries(fields).map(([name, value]) => h("input", { type: "hidden", name, value })),
    button,
  );
}

/** Fragments of instance ids stand in monospace wherever a sentence names one. */
export function withIds(sentence: string): readonly Child[] {
  return sentence
    .split(/(i-[0-9a-f]{6,}…?)/)
    .map((part, index) => (index % 2 === 1 ? h("span", { class: "eg-mono" }, part) : part));
}

/** The first words, up to the colon or the first full stop, in bold: "Holding: 2 workers warming". */
export function boldStart(sentence: string): readonly Child[] {
  const end = /^[^:.]{2,48}[:.](?=\s|$)/.exec(sentence)?.[0].length;
  if (end === undefined) return withIds(sentence);
  return [h("strong", {}, withIds(sentence.slice(0, end))), ...withIds(sentence.slice(end))];
}
