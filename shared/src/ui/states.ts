import { type IconName, icon } from "./icons.ts";
import { escapeHtml } from "./words.ts";

export type Tone = "ok" | "info" | "warn" | "bad" | "drain" | "mute";

/** Every state a page shows, with its glyph and tone. The key is the word that people read. */
export const STATES = {
  "in service": { icon: "disc-check", tone: "ok" },
  "all in service": { icon: "disc-check", tone: "ok" },
  completed: { icon: "disc-check", tone: "ok" },
  active: { icon: "disc-check", tone: "ok" },
  warming: { icon: "half-disc", tone: "info" },
  running: { icon: "half-disc", tone: "info" },
  pending: { icon: "dashed-ring", tone: "mute" },
  queued: { icon: "dashed-ring", tone: "mute" },
  draining: { icon: "ring-down", tone: "drain" },
  unhealthy: { icon: "warning", tone: "bad" },
  failed: { icon: "warning", tone: "bad" },
  "no data": { icon: "dashed-ring-dash", tone: "warn" },
  terminated: { icon: "ring-cross", tone: "mute" },
  archived: { icon: "archive", tone: "mute" },
  "being archived": { icon: "archive", tone: "mute" },
  holding: { icon: "clock", tone: "info" },
  "being restored": { icon: "clock", tone: "info" },
  paused: { icon: "pause", tone: "warn" },
} as const satisfies Record<string, { readonly icon: IconName; readonly tone: Tone }>;

export type StateWord = keyof typeof STATES;

/** Markup of a state: glyph, word (`text` when it differs, "2 warming") and an optional grey detail ("43 %"). */
export function state(word: StateWord, { text = word, detail = "" }: { text?: string; detail?: string } = {}): string {
  const { icon: glyph, tone } = STATES[word];
  const more = detail === "" ? "" : `<span class="eg-state-detail">${escapeHtml(detail)}</span>`;
  return `<span class="eg-state eg-tone-${tone}">${icon(glyph)}<span>${escapeHtml(text)}</span>${more}</span>`;
}

const NOTE_ICONS: Readonly<Record<NoteTone, IconName>> = {
  info: "info",
  ok: "disc-check",
  warn: "warning",
  bad: "warning",
  neutral: "ring-dash",
};
export type NoteTone = "info" | "ok" | "warn" | "bad" | "neutral";

export interface Note {
  readonly tone: NoteTone;
  /** The bold start. */
  readonly start: string;
  readonly text?: string;
  readonly icon?: IconName;
  readonly action?: { readonly href: string; readonly text: string };
}

/** Markup of a note; its text is escaped. Errors are announced once by `role="alert"`. */
export function note({ tone, start, text = "", icon: glyph = NOTE_ICONS[tone], action }: Note): string {
  const link =
    action === undefined
      ? ""
      : `<a class="eg-note-action" href="${escapeHtml(action.href)}">${escapeHtml(action.text)}</a>`;
  const role = tone === "bad" ? ' role="alert"' : "";
  return `<div class="eg-note eg-note-${tone}"${role}>${icon(glyph)}<p class="eg-note-text"><strong>${escapeHtml(start)}</strong> ${escapeHtml(text)}</p>${link}</div>`;
}
