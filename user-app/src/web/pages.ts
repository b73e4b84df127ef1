import { findCurrentUser } from "@elastic-gas/shared/accounts/sessions";
import { type Config, userAppUrl } from "@elastic-gas/shared/config";
import { time } from "@elastic-gas/shared/ui/parts";
import type { Note } from "@elastic-gas/shared/ui/states";
import type { Assets } from "@elastic-gas/shared/web/assets";
import { csrfToken } from "@elastic-gas/shared/web/csrf";
import type { Html } from "@elastic-gas/shared/web/html";
import { readerZone } from "@elastic-gas/shared/web/reader-zone";
import { renderDocument } from "@elastic-gas/shared/web/render-html";
import type { Request, Response } from "express";
import type { PageContext, Tab } from "./page-context.ts";
import { frameView } from "./views/frame.ts";

declare module "express-session" {
  interface SessionData {
    /** Shown once, on the next page. */
    pageNotice?: Note;
  }
}

export interface Page {
  readonly title: string;
  readonly content: (page: PageContext) => Html;
  readonly tab?: Tab;
  readonly status?: number;
  /** Notes above the content, at most two. */
  readonly notes?: readonly Note[];
}

/** Sends a page in the frame. */
export type SendPage = (res: Response, page: Page) => void;

/** Shows a note on the page that the reader sees next. */
export function leaveNotice(req: Request, notice: Note): void {
  req.session.pageNotice = notice;
}

export interface PagesOptions {
  readonly config: Pick<Config, "DISPLAY_TIME_ZONE" | "PUBLIC_URL" | "PUBLIC_HOST" | "LB_PORT">;
  readonly assets: Assets;
  readonly now: () => Date;
}

export function createPages({ config, assets, now }: PagesOptions): SendPage {
  const url = userAppUrl(config);
  return (res, { title, content, tab, status = 200, notes = [] }) => {
    const req = res.req;
    const user = findCurrentUser(res);
    const zone = readerZone(req, config);
    const page: PageContext = {
      user,
      csrf: user === undefined ? "" : csrfToken(req),
      zone,
      now: now(),
      url,
      time: (at, style) => time(at, style, { zone, now: now() }),
    };
    const document = frameView({
      title,
      tab,
      user,
      csrf: page.csrf,
      now: page.now,
      notes: [...takeNotice(req), ...notes],
      assets,
      requestId: String(res.locals.requestId ?? ""),
      content: content(page),
    });
    // A page shows one person's data and a token: no cache may keep it.
    res.status(status).setHeader("Cache-Control", "no-store").type("html").send(renderDocument(document));
  };
}

function takeNotice(req: Request): readonly Note[] {
  // Without a session store (MySQL is down) there is no session object, and error pages are sent all the same.
  const notice = (req.session as Request["session"] | undefined)?.pageNotice;
  if (notice === undefined) return [];
  delete req.session.pageNotice;
  return [notice];
}
