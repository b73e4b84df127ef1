import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chatPost } from "./chat.ts";
import type { AlertMessage } from "./message.ts";

const sender = { prefix: "dev", timeZone: "Europe/Vienna", managerUrl: "http://manager.example:5000" };
const paused: AlertMessage = {
  event: "paused",
  phase: "raised",
  title: "web is paused by *al_ice* <!channel> @everyone & `co`.",
  text: "Resume it [here](http://x.example).",
  at: Date.parse("2026-11-30T17:05:00Z"),
};
const TIME = "30\u00a0Nov\u00a02026, 18:05:00 GMT+1";
const LINK = "http://manager.example:5000/alerts";
const MATTERMOST = "https://chat.example.org/hooks/abc123";
const SLACK = "https://hooks.slack.com/services/T0/B0/secret";
const DISCORD = "https://discord.com/api/webhooks/123/secret";

const posted = (target: string, change: Partial<AlertMessage> = {}) => {
  const { url, body } = chatPost(target, { ...paused, ...change }, sender);
  return { url, body: JSON.parse(body) };
};

describe("a message to a chat shows names as they are", () => {
  it("in Slack, as rich text", () => {
    expect(posted(SLACK)).toEqual({
      url: SLACK,
      body: {
        text: "[dev] web is paused by *al_ice* &lt;!channel&gt; @\u200beveryone &amp; `co`.",
        blocks: [
          {
            type: "rich_text",
            elements: [
              {
                type: "rich_text_section",
                elements: [
                  { type: "text", text: `[dev] ${paused.title}`, style: { bold: true } },
                  { type: "text", text: `\n${paused.text}\n${TIME}\n` },
                  { type: "link", url: LINK },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  it("in Mattermost, as Markdown", () => {
    const title = "web is paused by \\*al\\_ice\\* &lt;!channel&gt; @\u200beveryone &amp; \\`co\\`.";
    const text = "Resume it \\[here\\]\\(http://x.example\\).";
    expect(posted(MATTERMOST)).toEqual({
      url: MATTERMOST,
      body: { text: `**[dev] ${title}**\n${text}\n${TIME}\n${LINK}` },
    });
  });

  it.each([DISCORD, `${DISCORD}/slack`, `${DISCORD}/slack/`])("in Discord, which mentions nobody: %s", (target) => {
    const title = "web is paused by \\*al\\_ice\\* \\<!channel\\> @\u200beveryone & \\`co\\`.";
    const text = "Resume it \\[here\\]\\(http://x.example\\).";
    expect(posted(target)).toEqual({
      url: DISCORD,
      body: { content: `**[dev] ${title}**\n${text}\n${TIME}\n${LINK}`, allowed_mentions: { parse: [] } },
    });
  });
});

it("a thread and a version in Discord's address stay", () => {
  const { url } = posted("https://discord.com/api/v10/webhooks/123/secret/slack?thread_id=7");
  expect(url).toBe("https://discord.com/api/v10/webhooks/123/secret?thread_id=7");
});

it("what has no text has no empty line, a title is one line, and an end says so", () => {
  const { body } = posted(MATTERMOST, { phase: "cleared", title: "web: 2 launches\n failed.", text: "" });
  expect(body.text).toBe(`**[dev] Over: web: 2 launches failed.**\n${TIME}\n${LINK}`);
});

it("a message is never longer than Discord takes, and is cut between characters", () => {
  const characters = fc.array(fc.constantFrom("*", "a", "@", "<", "😀", " "), { maxLength: 3_000 });
  fc.assert(
    fc.property(characters, characters, (title, text) => {
      const { body } = posted(DISCORD, { title: title.join(""), text: text.join("") });
      expect(body.content.length).toBeLessThanOrEqual(2_000);
      expect(body.content.isWellFormed()).toBe(true);
      expect(body.content).not.toMatch(/\\…/);
    }),
  );
  expect(posted(MATTERMOST, { text: "&".repeat(3_000) }).body.text).toMatch(/;…\n/);
});
