import { join } from "node:path";
import { type IconName, iconSprite } from "@elastic-gas/shared/ui/icons";
import type { Assets } from "@elastic-gas/shared/web/assets";
import { csrfToken } from "@elastic-gas/shared/web/csrf";
import { findCurrentUser } from "@elastic-gas/shared/web/sessions";
import { createViews } from "@elastic-gas/shared/web/views";
import type { Request, Response } from "express";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import { bytes, count, grouped, type Reader } from "../../model/words.ts";
import { icon, note, time } from "../kit/parts.ts";
import { toHtml } from "../kit/to-html.ts";
import type { MarkupNode } from "../kit/tree.ts";
import { frameNotes, sideCounts, sideFoot } from "./frame-parts.ts";

declare module "express-session" {
  interface SessionData {
    /** Shown once, on the next page. */
    notice?: Notice;
  }
}

export interface Notice {
  readonly tone: "ok" | "warn" | "bad" | "info";
  readonly text: string;
}

export type Section =
  | "pools"
  | "workers"
  | "decisions"
  | "policy"
  | "alerts"
  | "users"
  | "audit"
  | "tokens"
  | "stop"
  | "delete";

export interface Page {
  /** Template below `manager/src/pages`, without its ending: `pools/views/pools`. */
  readonly template: string;
  readonly title: string;
  readonly section?: Section | undefined;
  readonly status?: number;
  /** What the template finds as `it.data`. */
  readonly data?: object;
  /** What the frame shows of the present; absent before signing in and on error pages. */
  readonly fleet?: FleetSnapshot | undefined;
  /** Read by the page's script as JSON from `data-page`. */
  readonly page?: object;
}

/**
 * Sends a page in the frame. Templates get `it`: `data`, `csrf` (token for the hidden field `_csrf`), `reader`, and the helpers; markup (also that of the
 * tree, by `html`) is put in with `<%~ %>`.
 */
export type SendPage = (res: Response, page: Page) => void;

export interface PagesOptions {
  readonly timeZone: string;
  readonly assets: Assets;
  readonly now: () => number;
}

export function createPages({ timeZone, assets, now }: PagesOptions): SendPage {
  const views = createViews(join(import.meta.dirname, ".."));
  const sprite = iconSprite();
  return (res, { template, title, section, status = 200, data = {}, fleet, page = {} }) => {
    const req = res.req;
    const user = findCurrentUser(res);
    const reader: Reader = { now: now(), timeZone };
    const csrf = hasSession(req) ? csrfToken(req) : "";
    const shared = {
      data,
      user,
      csrf,
      reader,
      icon: (name: IconName) => toHtml(icon(name)),
      html: (node: MarkupNode | readonly MarkupNode[]) => toHtml(node),
      time: (at: number, text?: string) => toHtml(time(at, reader, text)),
      count,
      grouped,
      bytes,
    };
    const content = views.render(template, shared);
    const html = views.render("frame/views/frame", {
      ...shared,
      content,
      title,
      section,
      assets,
      sprite,
      page: JSON.stringify({ section, now: reader.now, ...page }),
      fleet: fleet === undefined ? "" : JSON.stringify(fleet),
      notes: fleet === undefined ? "" : toHtml(frameNotes(fleet, reader, csrf)),
      counts: fleet === undefined ? { workers: 0, alerts: 0 } : sideCounts(fleet),
      foot: fleet === undefined ? "" : toHtml(sideFoot(fleet, reader)),
      notice: takeNotice(req),
      noticeNote: (notice: Notice) =>
        toHtml(note({ tone: notice.tone, glyph: notice.tone === "ok" ? "disc-check" : "warning", text: notice.text })),
      requestId: String(res.locals.requestId ?? ""),
    });
    // A page shows live data and a token: no cache may keep it.
    res.status(status).setHeader("Cache-Control", "no-store").type("html").send(html);
  };
}

/** Shows a note on the page that the reader sees next. */
export function leaveNotice(req: Request, notice: Notice): void {
  req.session.notice = notice;
}

function takeNotice(req: Request): Notice | undefined {
  if (!hasSession(req)) return undefined;
  const { notice } = req.session;
  delete req.session.notice;
  return notice;
}

// Without a session store (MySQL is down) there is no session object, and error pages are sent all the same.
function hasSession(req: Request): boolean {
  return (req.session as Request["session"] | undefined) !== undefined;
}
