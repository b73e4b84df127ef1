import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHtml } from "./to-html.ts";
import { el } from "./tree.ts";

describe("a tree printed as HTML", () => {
  it("writes attributes, text and nested elements", () => {
    expect(toHtml(el("p", { class: "note", hidden: true, title: undefined }, "a ", el("b", {}, "c")))).toBe(
      '<p class="note" hidden>a <b>c</b></p>',
    );
  });

  it("leaves out children that are false, null or undefined", () => {
    expect(toHtml(el("p", {}, false, null, undefined, ["x", [false, "y"]]))).toBe("<p>xy</p>");
  });

  it("does not close void elements", () => {
    expect(toHtml(el("input", { name: "filter" }))).toBe('<input name="filter">');
  });

  it("never lets a text or an attribute open an element", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, value) => {
        const html = toHtml(el("p", { title: `x${value}` }, text));
        const inner = html.slice(html.indexOf(">") + 1, -"</p>".length);
        expect(inner).not.toMatch(/[<>"']/);
        expect(html.match(/</g)).toHaveLength(2);
      }),
    );
    expect(toHtml(el("p", { title: '"><script>' }, "<script>"))).toBe(
      '<p title="&quot;&gt;&lt;script&gt;">&lt;script&gt;</p>',
    );
  });
});
