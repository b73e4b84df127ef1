import { findCurrentUser } from "@elastic-gas/shared/accounts/sessions";
import type { Config } from "@elastic-gas/shared/config";
import type { Assets } from "@elastic-gas/shared/web/assets";
import { csrfToken } from "@elastic-gas/shared/web/csrf";
import type { Child } from "@elastic-gas/shared/web/html";
import { readerZone } from "@elastic-gas/shared/web/reader-zone";
import { renderDocument } from "@elastic-gas/shared/web/render-html";
import type { Request, Response } from "express";
import type { FleetSnapshot } from "../../model/fleet/fleet-snapshot.ts";
import type { Reader } from "../../model/reader.ts";
import { frameView, type Notice, type Section } from "./frame-view.ts";

declare module "express-session" {
  interface SessionData {
    notice?: Notice;
  }
}

/** What every view is drawn with. */
export interface ViewContext {
  readonly reader: Reader;
  /** For the hidden field of each form; empty for a reader who may change nothing (`mayAct`). */
  readonly csrf: string;
}

export interface Page {
  readonly title: string;
  readonly section?: Section | undefined;
  readonly status?: number;
  readonly content: (context: ViewContext) => Child;
  readonly fleet?: FleetSnapshot | undefined;
  /** For the page's script. */
  readonly page?: object;
}

/** Sends a page in the frame. */
export type SendPage = (res: Response, page: Page) => void;

export interface PagesOptions {
  readonly config: Pick<Config, "DISPLAY_TIME_ZONE">;
  readonly assets: Assets;
  readonly now: () => number;
}

export function createPages({ config, assets, now }: PagesOptions): SendPage {
  return (res, { title, section, status = 200, content, fleet, page = {} }) => {
    const req = res.req;
    const reader: Reader = { now: now(), timeZone: readerZone(req, config) };
    const token = hasSession(req) ? csrfToken(req) : "";
    const user = findCurrentUser(res);
    // A viewer's own account can be changed; what stands on every other page cannot.
    const isViewer = user?.isViewer === true && !user.isAdmin;
    const csrf = isViewer && !req.path.startsWith("/account") ? "" : token;
    const frame = {
      title,
      section,
      reader,
      csrf,
      signOutCsrf: token,
      isViewer,
      username: user?.username,
      fleet,
      notice: takeNotice(req),
      assets,
      page: { section, now: reader.now, ...page },
    };
    const html = renderDocument(frameView(frame, content({ reader, csrf })));
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
