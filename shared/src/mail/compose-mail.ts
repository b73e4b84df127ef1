import { escapeHtml } from "../format/escape-html.ts";

export interface MailContent {
  readonly subject: string;
  /** What stands above the link, a paragraph each. */
  readonly paragraphs: readonly string[];
  readonly link?: { readonly label: string; readonly url: string } | undefined;
  /** What stands below the link, a paragraph each. */
  readonly notes?: readonly string[];
}

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A mail in text and in HTML with the pages' colours. Mail programs read styles in attributes only, and few fonts. */
export function composeMail({ subject, paragraphs, link, notes = [] }: MailContent): MailText {
  const title = oneLine(subject);
  return {
    subject: title,
    text: `${[...paragraphs, ...(link === undefined ? [] : [`${link.label}:\n${link.url}`]), ...notes].join("\n\n")}\n`,
    html: [
      "<!doctype html>",
      '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
      `<meta name="color-scheme" content="light dark"><title>${escapeHtml(title)}</title>${DARK}</head>`,
      `<body class="page" style="margin:0;padding:24px 12px;background:#f5f6f8;${FONT}">`,
      '<table role="presentation" align="center" width="100%" style="max-width:560px;border-collapse:separate"><tr>',
      '<td class="panel" style="padding:24px;background:#fff;border:1px solid #dce1e7;border-radius:8px;color:#1a2330">',
      '<p class="quiet" style="margin:0 0 16px;font-size:13px;color:#525d6c">Elastic GAS</p>',
      ...paragraphs.map((text) => paragraph(text)),
      ...(link === undefined ? [] : [button(link)]),
      ...notes.map((text) => paragraph(text, "quiet")),
      "</td></tr></table></body></html>",
      "",
    ].join("\n"),
  };
}

const FONT =
  "font-family:Inter,system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:15px;line-height:1.5";
/** For the mail programs that know it; the others show the light colours. */
const DARK = `<style>
@media (prefers-color-scheme: dark) {
  .page { background: #0f141a !important }
  .panel { background: #171e27 !important; border-color: #2e3946 !important; color: #dbe2ea !important }
  .quiet { color: #a7b2c0 !important }
  .url { color: #93adff !important }
}
</style>`;

function paragraph(text: string, kind: "" | "quiet" = ""): string {
  const colour = kind === "quiet" ? ";font-size:13px;color:#525d6c" : "";
  return `<p${kind === "" ? "" : ` class="${kind}"`} style="margin:0 0 12px${colour}">${escapeHtml(text)}</p>`;
}

/** The address stands below its button too: for those who do not trust buttons, and for printing. */
function button({ label, url }: { readonly label: string; readonly url: string }): string {
  const href = escapeHtml(url);
  return [
    `<p style="margin:20px 0 8px"><a href="${href}" style="display:inline-block;padding:10px 18px;border-radius:6px;background:#3457d5;color:#fff;text-decoration:none;font-weight:600">${escapeHtml(label)}</a></p>`,
    `<p class="quiet" style="margin:0 0 16px;font-size:13px;color:#525d6c;word-break:break-all"><a class="url" href="${href}" style="color:#3457d5">${href}</a></p>`,
  ].join("\n");
}

/** File names are the users': no line may end within a header. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, " ");
}
