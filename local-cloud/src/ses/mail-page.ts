import type { ServerResponse } from "node:http";
import { type Child, h } from "@elastic-gas/shared/web/html";
import { renderPage, table } from "../pages/page.ts";
import type { Page } from "../wire/server.ts";
import type { Mail, Mailbox } from "./mailbox.ts";

const MAX_MAILS = 200;
const PREFIX = "/_mail";
// Nothing runs and nothing is loaded on these pages: mails contain what users wrote.
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'self'";
const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color-scheme:light dark}" +
  "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8886;overflow-wrap:anywhere}" +
  "pre{white-space:pre-wrap;overflow-wrap:anywhere}iframe{width:100%;height:40rem;border:1px solid #8886;background:#fff}";

/**
 * Shows captured mails: a list, each mail, and all as JSON for tests
 * (`/_mail/messages.json?to=ann@example.org&limit=1000`).
 */
export function mailPage(mailbox: Mailbox): Page {
  return {
    prefix: PREFIX,
    handle(request, response) {
      const url = new URL(request.url ?? PREFIX, "http://localhost");
      const to = url.searchParams.get("to") ?? undefined;
      if (request.method !== "GET" && request.method !== "HEAD")
        return send(response, 405, "text/plain", "Only GET is answered here.\n");
      const path = url.pathname.replace(/\/$/, "");
      if (path === PREFIX) return send(response, 200, "text/html", listView(mailbox.list(to, MAX_MAILS), to));
      if (path === `${PREFIX}/messages.json`)
        return send(response, 200, "application/json", JSON.stringify(mailbox.list(to, limitOf(url))));
      const [, id = "", isBody] = /^\/_mail\/([\da-f-]{36})(\/html)?$/.exec(path) ?? [];
      const mail = mailbox.find(id);
      if (!mail) return send(response, 404, "text/plain", "There is no such mail.\n");
      return send(response, 200, "text/html", isBody ? mail.html : mailView(mail));
    },
  };
}

/** Programs may ask for more than a page shows. */
function limitOf({ searchParams }: URL): number {
  const asked = Number(searchParams.get("limit") ?? MAX_MAILS);
  return Number.isInteger(asked) && asked > 0 ? asked : MAX_MAILS;
}

function send(response: ServerResponse, statusCode: number, type: string, body: string): void {
  response.writeHead(statusCode, {
    "content-type": `${type}; charset=utf-8`,
    // The mail's own HTML runs without scripts even when it is opened outside its frame.
    "content-security-policy": `${CONTENT_SECURITY_POLICY}; sandbox allow-same-origin allow-top-navigation-by-user-activation allow-popups allow-forms`,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  });
  response.end(body);
}

function listView(mails: readonly Mail[], to: string | undefined): string {
  const rows = mails.map(({ id, from, to: recipients, subject, sentAt }) => [
    h("time", { datetime: sentAt }, sentAt),
    from,
    recipients.join(", "),
    h("a", { href: `${PREFIX}/${id}` }, subject || "(no subject)"),
  ]);
  const filter = h(
    "form",
    {},
    h("label", {}, "To ", h("input", { name: "to", value: to ?? "" })),
    " ",
    h("button", {}, "Filter"),
  );
  return page("Mail", [
    h("h1", {}, "Captured mail"),
    (to !== undefined || mails.length > 0) && filter,
    mails.length === 0 ? h("p", {}, "No mail yet.") : table(["Sent", "From", "To", "Subject"], rows),
  ]);
}

function mailView({ id, from, to, subject, text, html, sentAt }: Mail): string {
  const fields = [
    ["From", from],
    ["To", to.join(", ")],
    ["Sent", sentAt],
  ].map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)));
  const frame = { sandbox: "allow-popups", title: "HTML of the mail", src: `${PREFIX}/${id}/html` };
  return page(subject, [
    h("p", {}, h("a", { href: PREFIX }, "All mail")),
    h("h1", {}, subject),
    h("table", {}, fields),
    text !== "" && [h("h2", {}, "Text"), h("pre", {}, linked(text))],
    html !== "" && [h("h2", {}, "HTML"), h("iframe", frame)],
  ]);
}

function page(title: string, body: readonly Child[]): string {
  return renderPage(title, STYLE, h("body", {}, body));
}

/** Addresses of pages become links: reset mails are there to be followed. */
function linked(text: string): readonly Child[] {
  return text
    .split(/(https?:\/\/[^\s<>"']+)/)
    .map((part, index) => (index % 2 === 1 ? h("a", { href: part, rel: "noreferrer" }, part) : part));
}
