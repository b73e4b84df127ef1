import { join } from "node:path";
import type { User } from "@elastic-gas/shared/accounts/users";
import { type Config, userAppUrl } from "@elastic-gas/shared/config";
import { type IconName, icon, iconSprite } from "@elastic-gas/shared/ui/icons";
import { type TimeStyle, timeElement } from "@elastic-gas/shared/ui/local-time";
import { type Note, note, state } from "@elastic-gas/shared/ui/states";
import { bytesText, countOf, countText, percentText, spanText } from "@elastic-gas/shared/ui/words";
import type { Assets } from "@elastic-gas/shared/web/assets";
import { csrfToken } from "@elastic-gas/shared/web/csrf";
import { findCurrentUser } from "@elastic-gas/shared/web/sessions";
import { createViews } from "@elastic-gas/shared/web/views";
import type { Request, Response } from "express";

declare module "express-session" {
  interface SessionData {
    /** Shown once, on the next page. */
    pageNotice?: Note;
  }
}

export type Tab = "annotate" | "annotations" | "masks";

export interface Page {
  /** Template below `user-app/src`, without its ending: `annotations/views/list`. */
  readonly template: string;
  readonly title: string;
  readonly tab?: Tab;
  readonly status?: number;
  /** What the template finds as `it.data`. */
  readonly data?: object;
  /** Notes above the content, at most two. */
  readonly notes?: readonly Note[];
}

/**
 * Sends a page in the frame. Templates get `it`: `data`, `user` (undefined when anonymous), `csrf` (token for the hidden field `_csrf`), `zone`, `url` (our own
 * address), and the helpers below, whose markup is put in with `<%~ %>`.
 */
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
  const views = createViews(join(import.meta.dirname, ".."));
  const zone = config.DISPLAY_TIME_ZONE;
  const helpers = {
    icon: (name: IconName) => icon(name),
    state,
    note,
    time: (at: Date, style: TimeStyle) => timeElement(at, style, { zone, now: now() }),
    bytes: bytesText,
    count: countText,
    countOf,
    percent: percentText,
    span: spanText,
  };
  const sprite = iconSprite();
  return (res, { template, title, tab, status = 200, data = {}, notes = [] }) => {
    const req = res.req;
    const user: User | undefined = findCurrentUser(res);
    const shared = {
      ...helpers,
      data,
      user,
      zone,
      now: now(),
      url: userAppUrl(config),
      csrf: user === undefined ? "" : csrfToken(req),
    };
    const content = views.render(template, shared);
    const html = views.render("web/views/frame", {
      ...shared,
      content,
      title,
      tab,
      notes: [...takeNotice(req), ...notes],
      assets,
      sprite,
      requestId: String(res.locals.requestId ?? ""),
    });
    // A page shows one person's data and a token: no cache may keep it.
    res.status(status).setHeader("Cache-Control", "no-store").type("html").send(html);
  };
}

function takeNotice(req: Request): readonly Note[] {
  // Without a session store (MySQL is down) there is no session object, and error pages are sent all the same.
  const notice = (req.session as Request["session"] | undefined)?.pageNotice;
  if (notice === undefined) return [];
  delete req.session.pageNotice;
  return [notice];
}
