import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeXml } from "./xml.ts";
import { readXml } from "./xml-read.ts";

test("elements, attributes, entities, CDATA and comments are read", () => {
  const document = readXml(
    '<?xml version="1.0"?>\n<!-- c --><a:Root xmlns:a="x" b="1 &lt; 2"><C/>t&amp;&#x1F9EC;<![CDATA[<&]]><D>1</D><D>2</D></a:Root>\n',
  );
  expect(document).toMatchObject({ name: "Root", attributes: { b: "1 < 2" }, text: "t&\u{1F9EC}<&" });
  expect(document.children.map(({ name, text }) => [name, text])).toEqual([
    ["C", ""],
    ["D", "1"],
    ["D", "2"],
  ]);
});

test("what is escaped reads back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."a&<>\"'\r\n\u0085\u2028 é]") }), (text) => {
      expect(readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)).toMatchObject({
        text,
        attributes: { b: text },
      });
    }),
  );
});

test.each([
  [""],
  ["text"],
  ["<a>"],
  ["<a></b>"],
  ["</a>"],
  ["<a/><b/>"],
  ["<a/>rest"],
  ["<a>&unknown;</a>"],
  ["<a>1 < 2</a>"],
  ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
  [`${"<a>".repeat(200)}${"</a>".repeat(200)}`],
])("%j is malformed", (source) => {
  expect(() => readXml(source)).toThrow(expect.objectContaining({ code: "MalformedXML" }));
});
