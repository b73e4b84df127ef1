import { expect, test } from "vitest";
import { renderHtml } from "../web/render-html.ts";
import { icon, iconSprite, note, state, time } from "./parts.ts";

test("a time carries the instant, the style for the browser, and UTC for the pointer", () => {
  expect(renderHtml(time(new Date("2026-09-08T19:00:09.500Z"), "time", { zone: "America/Chicago" }))).toBe(
    '<time datetime="2026-09-08T19:00:09.500Z" data-local-time="time" title="2026-09-08 19:00:09 UTC">14:00:09</time>',
  );
});

test("a state has a glyph and a word, never one alone", () => {
  const html = renderHtml(state("warming", { text: "2 warming", detail: "43 %" }));
  expect(html).toContain("#eg-i-half-disc");
  expect(html).toContain("<span>2 warming</span>");
  expect(html).toContain("43 %");
});

test("only an error is announced, and its text is escaped", () => {
  expect(renderHtml(note({ tone: "bad", start: "<b>" }))).toMatch(/role="alert".*&lt;b>/);
  expect(renderHtml(note({ tone: "warn", start: "x" }))).not.toContain("role=");
});

test("an icon is as large as a letter, drawn as lines, and the sprite takes no room where no style sheet came", () => {
  expect(renderHtml(icon("bell"))).toMatch(/^<svg class="eg-icon" width="16" height="16"/);
  const sprite = renderHtml(iconSprite());
  expect(sprite).toMatch(/^<svg class="eg-sprite" width="0" height="0"/);
  expect(sprite.match(/<symbol /g)?.length).toBe(
    sprite.match(/ viewBox="0 0 16 16" fill="none" stroke="currentColor">/g)?.length,
  );
});
