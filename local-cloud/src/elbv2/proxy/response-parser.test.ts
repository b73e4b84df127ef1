import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedResponse, ResponseParser } from "./response-parser.ts";

interface Seen {
  status: number;
  headers: readonly string[];
  body: string;
  ended: boolean;
}

/** Feeds `text` in portions that end at `cuts`. */
function parse(text: string, { cuts = [], toHead = false }: { cuts?: readonly number[]; toHead?: boolean } = {}) {
  const bytes = Buffer.from(text, "latin1");
  const seen: Seen = { status: 0, headers: [], body: "", ended: false };
  const parser = new ResponseParser();
  parser.expect(
    {
      head: ({ status, headers }) => Object.assign(seen, { status, headers }),
      body: (chunk) => (seen.body += chunk.toString("latin1")),
      end: () => (seen.ended = true),
    },
    toHead,
  );
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  for (const [index, end] of [...ends, bytes.length].entries()) parser.feed(bytes.subarray(ends[index - 1] ?? 0, end));
  return { seen, parser };
}

const OK = "HTTP/1.1 200 OK\r\n";

describe("a response", () => {
  it.each([
    ["by its length", `${OK}Content-Length: 5\r\n\r\nhello`, "hello", true],
    ["of no length", `${OK}Content-Length: 0\r\n\r\n`, "", true],
    [
      "in chunks",
      `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: 1\r\n\r\n`,
      "hello world",
      true,
    ],
    ["without body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", true],
    [
      "after interim ones",
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
      "x",
      true,
    ],
    ["that says it is the last", `${OK}Connection: close\r\nContent-Length: 1\r\n\r\nx`, "x", false],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", "x", false],
    ["followed by bytes nobody asked for", `${OK}Content-Length: 1\r\n\r\nxy`, "x", false],
  ])("%s is read alike in any portions", (_, text, body, persistent) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        const { seen, parser } = parse(text, { cuts });
        expect(seen.body).toBe(body);
        expect(seen.ended).toBe(true);
        expect(parser.persistent).toBe(persistent);
      }),
    );
  });

  it("lasts until the connection's end when nothing else tells its length", () => {
    const { seen, parser } = parse(`${OK}\r\nhello`);
    expect(seen).toMatchObject({ body: "hello", ended: false });
    expect(parser.finish()).toBe(true);
    expect(seen.ended).toBe(true);
  });

  it("that is cut short is told from a whole one", () => {
    for (const text of [
      `${OK}Content-Length: 5\r\n\r\nhell`,
      `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
      OK,
    ]) {
      expect(parse(text).parser.finish()).toBe(false);
    }
  });

  it("to HEAD has no body though it tells a length", () => {
    expect(parse(`${OK}Content-Length: 5\r\n\r\n`, { toHead: true }).seen).toMatchObject({
      ended: true,
      headers: ["Content-Length", "5"],
    });
  });

  it("keeps repeated fields and leaves out those of the connection", () => {
    const { seen } = parse(
      `${OK}Set-Cookie: a\r\nSet-Cookie:b \r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n`,
    );
    expect(seen.headers).toEqual(["Set-Cookie", "a", "Set-Cookie", "b", "Content-Length", "0"]);
  });

  it.each([
    "SSH-2.0-x\r\n\r\n",
    "HTTP/2 200\r\n\r\n",
    `${OK} folded: x\r\n\r\n`,
    `${OK}Name : x\r\n\r\n`,
    `${OK}no colon\r\n\r\n`,
    `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    `${OK}Content-Length: -1\r\n\r\n`,
    `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n`,
    `${OK}A: ${"x".repeat(70_000)}`,
  ])("that is malformed is refused: %j", (text) => {
    expect(() => parse(text)).toThrow(MalformedResponse);
  });
});
