import type { IconName } from "./icons.ts";

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
  cancelled: { icon: "ring-cross", tone: "mute" },
  "no data": { icon: "dashed-ring-dash", tone: "warn" },
  terminated: { icon: "ring-cross", tone: "mute" },
  archived: { icon: "archive", tone: "mute" },
  "being archived": { icon: "archive", tone: "mute" },
  holding: { icon: "clock", tone: "info" },
  "being restored": { icon: "clock", tone: "info" },
  paused: { icon: "pause", tone: "warn" },
} as const satisfies Record<string, { readonly icon: IconName; readonly tone: Tone }>;

export type StateWord = keyof typeof STATES;

/** The icon of a note that names none. */
export const NOTE_ICONS: Readonly<Record<NoteTone, IconName>> = {
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

/** On the sign-in page, after a form that was sent by one who was signed out. */
export const UNSENT: Note = {
  tone: "warn",
  start: "You were signed out before this was sent.",
  text: "Nothing was changed. Sign in, then enter it again.",
};
