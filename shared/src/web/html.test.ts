import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AttributesOf, fragment, h, jsonScript, trustedHtml } from "./html.ts";
import { renderDocument, renderHtml } from "./render-html.ts";

describe("an element", () => {
  it("is written with attributes, text and nested elements", () => {
    const html = h("p", { class: "note", hidden: true, title: undefined, "data-live": "" }, "a ", h("b", {}, 3));
    expect(renderHtml(html)).toBe('<p class="note" hidden data-live>a <b>3</b></p>');
  });

  it("leaves out children that are false, null or undefined, and flattens lists", () => {
    expect(renderHtml(h("p", {}, false, null, undefined, ["x", [false, "y"]]))).toBe("<p>xy</p>");
    expect(renderHtml(fragment(h("i", {}), "z"))).toBe("<i></i>z");
  });

  it("states what is false where HTML needs the word", () => {
    expect(renderHtml(h("button", { "aria-pressed": false, disabled: false }))).toBe(
      '<button aria-pressed="false"></button>',
    );
  });

  it("fills forms so that the browser may change them", () => {
    expect(renderHtml(h("input", { name: "q", defaultValue: 'a"b' }))).toBe('<input name="q" value="a&quot;b"/>');
    expect(renderHtml(h("input", { type: "checkbox", defaultChecked: true }))).toBe('<input type="checkbox" checked/>');
  });

  it("never lets a text or an attribute open an element or end an attribute", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, value) => {
        const html = renderHtml(h("p", { title: `x${value}`, "data-a": value }, `x${text}`));
        const shape = /^<p title="([^"]*)" data-a(?:="([^"]*)")?>([^<]*)<\/p>$/.exec(html);
        expect(shape, html).not.toBeNull();
      }),
    );
    expect(renderHtml(h("p", { title: '"><script>' }, "<script>"))).toBe(
      '<p title="&quot;>&lt;script>">&lt;script></p>',
    );
  });

  it("writes trusted markup as it stands, and JSON that cannot end its script", () => {
    expect(renderHtml(h("svg", { dangerouslySetInnerHTML: trustedHtml("<path/>") }))).toBe("<svg><path/></svg>");
    const script = renderHtml(jsonScript("data", { text: "</script><b>" }));
    expect(script).toBe('<script type="application/json" id="data">{"text":"\\u003c/script>\\u003cb>"}</script>');
  });

  it("fails the type check when it is misspelt", () => {
    // Each line below is an error of the type check that is expected; a line without one would fail it.
    // @ts-expect-error no such element
    h("dvi", {});
    // @ts-expect-error no such attribute
    h("a", { herf: "/" });
    // @ts-expect-error no such attribute of this element
    h("p", { href: "/" });
    // @ts-expect-error no such aria attribute
    h("p", { "aria-lable": "x" });
    // @ts-expect-error not a kind of button
    h("button", { type: "sumbit" });
    // @ts-expect-error refused by the content security policy
    h("p", { style: "color: red" });
    // @ts-expect-error a date is no text
    h("p", {}, new Date(0));
    // @ts-expect-error would be written as a word
    h("p", { "data-live": true });
    // @ts-expect-error not from trustedHtml
    h("p", { dangerouslySetInnerHTML: { __html: "<b>" } });
    const attributes: AttributesOf<"p"> = { class: "x" };
    expect(attributes.class).toBe("x");
  });
});

it("a document starts with its type", () => {
  expect(renderDocument(h("html", { lang: "en" }, h("body", {}, "x")))).toBe(
    '<!doctype html>\n<html lang="en"><body>x</body></html>',
  );
});
