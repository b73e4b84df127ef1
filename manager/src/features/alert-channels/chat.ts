import { mailTime } from "@elastic-gas/shared/mail/mail-time";
import { type AlertMessage, type Sender, titleOf } from "./message.ts";

/** What is posted to a chat, and where. */
export interface ChatPost {
  readonly url: string;
  readonly body: string;
}

/**
 * Each service has a form of its own, told by the path of its incoming webhooks; a path of no other is Mattermost's.
 * What stands in a name is shown as it is there: it formats nothing and mentions nobody.
 */
export function chatPost(target: string, message: AlertMessage, sender: Sender): ChatPost {
  const { pathname } = new URL(target);
  if (pathname.startsWith("/services/")) return { url: target, body: JSON.stringify(slackOf(message, sender)) };
  if (/^\/api\/(v\d+\/)?webhooks\//.test(pathname)) {
    return { url: discordAddress(target), body: JSON.stringify(discordOf(message, sender)) };
  }
  return { url: target, body: JSON.stringify({ text: markdownOf(message, sender, forMattermost) }) };
}

/** Rich text takes characters as they are; `text` is what a notification shows, with Slack's own marks in it. */
function slackOf(message: AlertMessage, sender: Sender): object {
  const { title, text, time, link } = partsOf(message, sender, (character) => character);
  const elements = [
    { type: "text", text: title, style: { bold: true } },
    { type: "text", text: `${text === "" ? "" : `\n${text}`}\n${time}\n` },
    { type: "link", url: link },
  ];
  return {
    text: partsOf(message, sender, forSlack).title,
    blocks: [{ type: "rich_text", elements: [{ type: "rich_text_section", elements }] }],
  };
}

function discordOf(message: AlertMessage, sender: Sender): object {
  return { content: markdownOf(message, sender, forDiscord), allowed_mentions: { parse: [] } };
}

/** Discord's copy of Slack's webhooks, at `/slack`, cannot be told to mention nobody. */
function discordAddress(target: string): string {
  const url = new URL(target);
  url.pathname = url.pathname.replace(/\/slack\/?$/, "");
  return url.href;
}

function markdownOf(message: AlertMessage, sender: Sender, write: Write): string {
  const { title, text, time, link } = partsOf(message, sender, write);
  return [`**${title}**`, text, time, link].filter((part) => part !== "").join("\n");
}

/** In characters as they are sent: with time and link, a message stays below Discord's 2,000. */
const TITLE_MOST = 500;
const TEXT_MOST = 1_000;

function partsOf(message: AlertMessage, { prefix, timeZone, managerUrl }: Sender, write: Write) {
  const title = titleOf(message).replace(/\s*[\r\n]+\s*/g, " ");
  return {
    title: `[${prefix}] ${escaped(title, TITLE_MOST, write)}`,
    text: escaped(message.text, TEXT_MOST, write),
    time: mailTime(new Date(message.at), timeZone),
    link: `${managerUrl}/alerts`,
  };
}

type Write = (character: string) => string;

/** Cut between two characters where it would be longer than that. */
function escaped(text: string, most: number, write: Write): string {
  let whole = "";
  for (const character of text) {
    const next = write(character);
    if (whole.length + next.length >= most) return `${whole}…`;
    whole += next;
  }
  return whole;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const MARKDOWN = "\\`*_~[]()|#<>";
/** A space without width parts an @ from the name that it would mention. */
const AT = "@\u200b";

function forSlack(character: string): string {
  return character === "@" ? AT : (ENTITIES[character] ?? character);
}

function forDiscord(character: string): string {
  if (character === "@") return AT;
  return MARKDOWN.includes(character) ? `\\${character}` : character;
}

/** Its server takes Slack's `<!channel>` for a mention, also behind a backslash. */
function forMattermost(character: string): string {
  return ENTITIES[character] ?? forDiscord(character);
}
