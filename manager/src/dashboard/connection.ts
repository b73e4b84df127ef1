import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatTime } from "@elastic-gas/shared/format/times";
import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment, h } from "@elastic-gas/shared/web/html";
import { io } from "socket.io-client";
import { describeReturn } from "../model/fleet/missed.ts";
import { icon, note } from "../pages/kit/parts.ts";
import { followLive, type LiveFeed, type LiveSocket } from "../pages/live/follow-live.ts";
import { LIVE_NAMESPACE } from "../pages/live/live-events.ts";

const RETRY_MS = 3_000;
/** Without a snapshot for this long the values are old, whatever the connection says. */
const STALE_MS = 10_000;
/** A connection that breaks for a moment is not worth a note. */
const NOTED_MS = 1_500;
const RETURN_SHOWN_MS = 15_000;
/** Changes that were missed take longer to read. */
const MISSED_SHOWN_MS = 60_000;

export interface Connection {
  readonly socket: LiveSocket;
  readonly feed: LiveFeed;
  /**
   * The server's clock, as far as the page knows it. While nothing comes it stands at the last update: what is shown
   * was true then, and nobody here knows what came after.
   */
  now(): number;
}

/** What the live parts of a page need. */
export interface LiveParts extends Pick<Connection, "socket" | "feed"> {
  readonly csrf: string;
  readonly timeZone: string;
}

/**
 * Holds the live connection and says how it is: "Live, updated 1 s ago", "Offline, retry in 3 s", "Stopped" when the
 * manager has ended for good. The page was made at `madeAt` of the server's clock, epoch milliseconds.
 */
export function openConnection(timeZone: string, madeAt: number): Connection {
  const socket: LiveSocket = io(LIVE_NAMESPACE, {
    transports: ["websocket", "polling"],
    reconnectionDelay: RETRY_MS,
    reconnectionDelayMax: RETRY_MS,
    randomizationFactor: 0,
  });
  const feed = followLive(socket);
  const sign = document.querySelector("[data-connection]");
  const place = document.querySelector<HTMLElement>("[data-offline]");
  const openedAt = Date.now();
  let offset = madeAt - openedAt;
  let updatedAt: number | null = null;
  let offlineSince: number | null = null;
  let retryAt: number | null = null;
  let lostAt: number | null = null;
  let signedOutAt: number | null = null;
  let stopped = false;
  let back: { readonly until: number; readonly sentence: string; readonly missed: number } | null = null;

  /** Since when nothing comes: the connection is lost, or the server is silent on it. */
  const silentSince = (now: number): number | null => {
    if (stopped) return null;
    if (offlineSince !== null) return offlineSince;
    return updatedAt !== null && now - updatedAt >= STALE_MS ? updatedAt : null;
  };

  feed.onFleet((fleet, sentAt) => {
    const now = Date.now();
    const since = lostAt ?? silentSince(now);
    if (since !== null && updatedAt !== null && now - since > NOTED_MS) {
      const told = describeReturn({ afterMs: now - since, since: updatedAt + offset }, fleet);
      back = { ...told, until: now + (told.missed > 0 ? MISSED_SHOWN_MS : RETURN_SHOWN_MS) };
    }
    lostAt = null;
    offset = sentAt - now;
    updatedAt = now;
    draw();
  });
  socket.on("connect", () => {
    lostAt = offlineSince;
    offlineSince = null;
    retryAt = null;
    draw();
  });
  const offline = (): void => {
    if (stopped) return;
    // Of a browser that slept the connection is lost when it wakes; nothing came since long before.
    offlineSince ??= lostAt ?? silentSince(Date.now()) ?? Date.now();
    retryAt = Date.now() + RETRY_MS;
    draw();
  };
  socket.on("disconnect", (reason) => {
    offline();
    // The server ends connections of sessions that are over.
    if (reason === "io server disconnect") leave();
  });
  socket.on("connect_error", (error) => {
    offline();
    if (error.message === "Sign in first.") leave();
  });
  socket.on("stopped", () => {
    stopped = true;
    socket.disconnect();
    draw();
  });
  /** The sign-in page comes next, unless that would lose what somebody typed. */
  const leave = (): void => {
    if (!isSomethingTyped()) {
      location.reload();
      return;
    }
    signedOutAt ??= Date.now();
    socket.disconnect();
    draw();
  };

  const draw = (): void => {
    const now = Date.now();
    const { tone, glyph, word, detail } = describeConnection({ stopped, offlineSince, updatedAt, retryAt }, now);
    document.body.classList.toggle("is-stale", tone !== "ok" && updatedAt !== null);
    const since = silentSince(now);
    holdButtons(stopped || signedOutAt !== null || (since !== null && now - since > NOTED_MS));
    if (sign !== null) {
      const words = h("span", {}, [h("b", {}, word), detail && h("span", { class: detail.class }, detail.text)]);
      renderInto(sign, fragment([h("span", { class: `eg-state eg-tone-${tone}` }, icon(glyph), words)]));
    }
    drawNote(now);
  };

  const drawNote = (now: number): void => {
    if (place === null) return;
    const nodes = [];
    const since = silentSince(now);
    const at = (instant: number): string => formatTime(instant + offset, "time", { zone: timeZone });
    if (stopped) {
      // The page Stop manager says so in its own place.
      if (document.querySelector('[data-part="stop-progress"]') === null) {
        nodes.push(
          note({
            key: "stopped",
            tone: "info",
            glyph: "info",
            text: [h("strong", {}, "The manager has stopped."), " Start it again with ./start.sh."],
          }),
        );
      }
    } else if (signedOutAt !== null) {
      const next = encodeURIComponent(location.pathname + location.search);
      nodes.push(
        note({
          key: "signed-out",
          tone: "warn",
          glyph: "warning",
          text: [
            h("strong", {}, `Signed out since ${at(signedOutAt)}.`),
            " What you typed stands here until you leave: copy what you need, then sign in.",
          ],
          action: h("a", { href: `/login?next=${next}` }, "Sign in"),
        }),
      );
    } else if (since !== null && now - since > NOTED_MS) {
      const seen = updatedAt === null ? "" : ` Showing what was known at ${at(updatedAt)}; times are grey.`;
      const retry = retryAt === null ? "" : ` Retry in ${Math.max(0, Math.ceil((retryAt - now) / 1000))}\u00a0s.`;
      nodes.push(
        note({
          key: "offline",
          tone: "warn",
          glyph: "warning",
          text: [
            h("strong", {}, `${offlineSince === null ? "No answer" : "Offline"} since ${at(since)}.`),
            `${seen} Buttons that change something wait for the connection.${retry}`,
          ],
          action: h("button", { type: "button", class: "eg-button eg-button-small", "data-retry": "" }, "Retry now"),
        }),
      );
    } else if (back !== null && now < back.until) {
      nodes.push(
        note({
          key: "back",
          tone: back.missed > 0 ? "info" : "ok",
          glyph: back.missed > 0 ? "info" : "disc-check",
          text: back.sentence,
          ...(back.missed > 0 ? { action: h("a", { href: "/decisions" }, "Decisions") } : {}),
        }),
      );
    }
    place.hidden = nodes.length === 0;
    renderInto(place, fragment(nodes));
  };
  place?.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || event.target.closest("[data-retry]") === null) return;
    // A connection on which nothing comes is given up.
    if (offlineSince === null) socket.disconnect();
    socket.connect();
  });
  setInterval(draw, 1_000);
  draw();
  const knownAt = (): number => {
    const now = Date.now();
    return silentSince(now) === null ? now : (updatedAt ?? openedAt);
  };
  return { socket, feed, now: () => knownAt() + offset };
}

/** What the sign in the page's head shows. Instants are epoch milliseconds. */
function describeConnection(
  {
    stopped,
    offlineSince,
    updatedAt,
    retryAt,
  }: {
    readonly stopped: boolean;
    readonly offlineSince: number | null;
    readonly updatedAt: number | null;
    readonly retryAt: number | null;
  },
  now: number,
) {
  const more = (text: string) => ({ class: "connection-more", text });
  if (stopped) return { tone: "info", glyph: "info", word: "Stopped" } as const;
  if (offlineSince !== null) {
    const seconds = Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000));
    return { tone: "warn", glyph: "warning", word: "Offline", detail: more(`, retry in ${seconds}\u00a0s`) } as const;
  }
  if (updatedAt === null) return { tone: "warn", glyph: "clock", word: "Connecting" } as const;
  const age = now - updatedAt;
  if (age >= STALE_MS) {
    const detail = more(`, last update ${formatInterval(age)} ago`);
    return { tone: "warn", glyph: "warning", word: "Waiting", detail } as const;
  }
  const text = `, updated ${Math.max(0, Math.round(age / 1000))}\u00a0s ago`;
  return { tone: "ok", glyph: "disc-check", word: "Live", detail: { class: "connection-detail", text } } as const;
}

/** A field of a form differs from what the server wrote into it. */
function isSomethingTyped(): boolean {
  const fields = document.querySelectorAll('#content form[method="post"] :is(input, textarea, select)');
  return [...fields].some((field) => {
    if (field instanceof HTMLSelectElement) {
      return (
        [...field.options].some(({ selected, defaultSelected }) => selected && !defaultSelected) &&
        field.selectedIndex > 0
      );
    }
    if (field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue;
    if (!(field instanceof HTMLInputElement) || field.type === "hidden") return false;
    return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  });
}

/** What a button would send does not arrive now: it is disabled, and free again when the connection is back. */
function holdButtons(held: boolean): void {
  if (held) {
    for (const button of document.querySelectorAll<HTMLButtonElement>('#content form[method="post"] button:enabled')) {
      button.disabled = true;
      button.dataset.held = "";
    }
    return;
  }
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-held]")) {
    button.disabled = false;
    delete button.dataset.held;
  }
}
