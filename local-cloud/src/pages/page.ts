import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type Child, type Html, h, trustedHtml } from "@elastic-gas/shared/web/html";
import { renderDocument } from "@elastic-gas/shared/web/render-html";

const STYLE =
  ":root{color-scheme:light dark;--line:#8888;--accent:#0b57d0;--error:#b3261e}" +
  "@media(prefers-color-scheme:dark){:root{--accent:#8ab4f8;--error:#f2b8b5}}" +
  "*{box-sizing:border-box}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:32rem;padding:2rem 1rem}" +
  "body.wide{max-width:64rem}h1{font-size:1.5rem;margin:.5rem 0}.price{font-size:2rem;font-weight:600;margin:0}" +
  ".note{border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem;font-size:.9rem}" +
  ".hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.error{border:1px solid var(--error);color:var(--error);border-radius:.5rem;padding:.75rem 1rem}" +
  "label{display:block;font-weight:600;margin-top:1rem}input,select{font:inherit;width:100%;padding:.6rem;border:1px solid var(--line);border-radius:.4rem}" +
  "button,.button{display:inline-block;font:inherit;min-height:2.75rem;padding:.6rem 1.2rem;border-radius:.4rem;border:1px solid var(--line);background:none;color:inherit;text-decoration:none;cursor:pointer}" +
  "button.primary{background:#0b57d0;border-color:#0b57d0;color:#fff}.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1rem}" +
  ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}table{border-collapse:collapse;width:100%}" +
  "details{border:1px solid var(--line);border-radius:.5rem;padding:.5rem 1rem;margin-top:.5rem}summary{cursor:pointer;padding:.25rem 0}.fields{display:grid;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));gap:0 1rem}" +
  "th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}";
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

export interface HtmlPage {
  readonly title: string;
  readonly body: readonly Child[];
  readonly statusCode?: number;
  readonly isWide?: boolean;
  /** Where the page's forms may lead besides here: browsers hold redirects to form-action as well. */
  readonly formOrigins?: readonly string[];
}

/** What a page answers: a page, or a way on. */
export type Reply = HtmlPage | { readonly location: string };

export function sendReply(response: ServerResponse, reply: Reply): void {
  if ("location" in reply) response.writeHead(303, { location: reply.location, "cache-control": "no-store" }).end();
  else sendPage(response, reply);
}

function sendPage(
  response: ServerResponse,
  { title, body, statusCode = 200, isWide = false, formOrigins = [] }: HtmlPage,
): void {
  const formAction = ["'self'", ...new Set(formOrigins)].join(" ");
  response.writeHead(statusCode, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`,
    // Not no-referrer: with that, browsers hide the origin that the forms are checked by.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
  response.end(renderPage(title, STYLE, h("body", { class: isWide ? "wide" : undefined }, h("main", {}, body))));
}

/** A whole page of local-cloud, with a style of its own. */
export function renderPage(title: string, style: string, body: Html): string {
  return renderDocument(
    h(
      "html",
      { lang: "en" },
      h(
        "head",
        {},
        h("meta", { charset: "utf-8" }),
        h("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
        h("title", {}, title),
        h("style", { dangerouslySetInnerHTML: trustedHtml(style) }),
      ),
      body,
    ),
  );
}

export function dateText(seconds: number): Html {
  const iso = new Date(seconds * 1_000).toISOString();
  return h("time", { datetime: iso }, `${iso.slice(0, 16).replace("T", " ")} UTC`);
}

/** A table with its heads; each row has as many cells. */
export function table(heads: readonly string[], rows: readonly (readonly Child[])[]): Html {
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((head) => h("th", { scope: "col" }, head)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((cells) =>
        h(
          "tr",
          {},
          cells.map((cell) => h("td", {}, cell)),
        ),
      ),
    ),
  );
}
