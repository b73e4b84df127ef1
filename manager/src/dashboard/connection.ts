import { formatInterval } from "@elastic-gas/shared/format/durations";
import { formatTime } from "@elastic-gas/shared/format/times";
import { renderInto } from "@elastic-gas/shared/ui/render-into";
import { fragment, h } from "@elastic-gas/shared/web/html";
import { io, type Socket } from "socket.io-client";
import { icon, note } from "../pages/kit/parts.ts";
import { LIVE_NAMESPACE, type PageToServer, type ServerToPage } from "../pages/live/live-events.ts";

export type LiveSocket = Socket<ServerToPage, PageToServer>;

const RETRY_MS = 3_000;
/** Without a snapshot for this long the values are old, whatever the connection says. */
const STALE_MS = 10_000;
const RECONNECTED_SHOWN_MS = 6_000;

export interface Connection {
  readonly socket: LiveSocket;
  /** The server's clock now, as far as the page knows it. */
  now(): number;
}

/** Holds the live connection and says how it is: "Live, updated 1 s ago", "Offline, retry in 3 s". */
export function openConnection(timeZone: string): Connection {
  const socket: LiveSocket = io(LIVE_NAMESPACE, {
    transports: ["websocket", "polling"],
    reconnectionDelay: RETRY_MS,
    reconnectionDelayMax: RETRY_MS,
    randomizationFactor: 0,
  });
  const sign = document.querySelector("[data-connection]");
  const place = document.querySelector<HTMLElement>("[data-offline]");
  let offset = 0;
  let updatedAt: number | null = null;
  let offlineSince: number | null = null;
  let retryAt: number | null = null;
  let reconnected: { readonly at: number; readonly afterMs: number } | null = null;

  socket.on("fleet", (_fleet, sentAt) => {
    offset = sentAt - Date.now();
    updatedAt = Date.now();
    draw();
  });
  socket.on("connect", () => {
    if (offlineSince !== null) reconnected = { at: Date.now(), afterMs: Date.now() - offlineSince };
    offlineSince = null;
    retryAt = null;
    draw();
  });
  const offline = (): void => {
    offlineSince ??= Date.now();
    retryAt = Date.now() + RETRY_MS;
    draw();
  };
  socket.on("disconnect", (reason) => {
    offline();
    // The server ends connections of sessions that are over: the sign-in page comes next.
    if (reason === "io server disconnect") location.reload();
  });
  socket.on("connect_error", (error) => {
    offline();
    if (error.message === "Sign in first.") location.reload();
  });

  const draw = (): void => {
    const now = Date.now();
    const seconds = updatedAt === null ? null : Math.max(0, Math.round((now - updatedAt) / 1000));
    const isLive = offlineSince === null && updatedAt !== null && now - updatedAt < STALE_MS;
    document.body.classList.toggle("is-stale", !isLive && updatedAt !== null);
    if (sign !== null) {
      renderInto(
        sign,
        fragment([
          h(
            "span",
            { class: `eg-state ${isLive ? "eg-tone-ok" : "eg-tone-warn"}` },
            icon(isLive ? "disc-check" : updatedAt === null && offlineSince === null ? "clock" : "warning"),
            h(
              "span",
              {},
              isLive
                ? [h("b", {}, "Live"), h("span", { class: "connection-detail" }, `, updated ${seconds} s ago`)]
                : offlineSince !== null
                  ? [h("b", {}, "Offline"), `, retry in ${Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000))} s`]
                  : updatedAt === null
                    ? "Connecting"
                    : [h("b", {}, "Waiting"), `, last update ${formatInterval(now - updatedAt)} ago`],
            ),
          ),
        ]),
      );
    }
    drawNote(now);
  };

  const drawNote = (now: number): void => {
    if (place === null) return;
    const nodes = [];
    if (offlineSince !== null && now - offlineSince > 1_500) {
      const seen =
        updatedAt === null
          ? ""
          : ` Showing what was known at ${formatTime(updatedAt + offset, "time", { zone: timeZone })}; times are grey.`;
      nodes.push(
        note({
          key: "offline",
          tone: "warn",
          glyph: "warning",
          text: [
            h("strong", {}, `Offline since ${formatTime(offlineSince + offset, "minute", { zone: timeZone })}.`),
            `${seen} Retry in ${Math.max(0, Math.ceil(((retryAt ?? now) - now) / 1000))} s.`,
          ],
          action: h("button", { type: "button", class: "eg-button eg-button-small", "data-retry": "" }, "Retry now"),
        }),
      );
    } else if (reconnected !== null && now - reconnected.at < RECONNECTED_SHOWN_MS && reconnected.afterMs > 1_500) {
      nodes.push(
        note({
          key: "back",
          tone: "ok",
          glyph: "disc-check",
          text: `Reconnected after ${formatInterval(reconnected.afterMs)}. Nothing was missed.`,
        }),
      );
    }
    place.hidden = nodes.length === 0;
    renderInto(place, fragment(nodes));
  };
  place?.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-retry]") !== null) socket.connect();
  });
  setInterval(draw, 1_000);
  draw();
  return { socket, now: () => Date.now() + offset };
}
