import { expect, it } from "vitest";
import { readWholeRequest } from "./plain-request.ts";

const read = (text: string) => readWholeRequest(Buffer.from(text, "latin1"));
const lines = (...some: readonly string[]) => `${some.join("\r\n")}\r\n\r\n`;

it("reads a GET or HEAD that is all there", () => {
  expect(read(lines("GET /a?b=%20c HTTP/1.1", "Host: x", "X-Name:  some value ", "Connection: Keep-Alive"))).toEqual({
    method: "GET",
    url: "/a?b=%20c",
    rawHeaders: ["Host", "x", "X-Name", "some value", "Connection", "Keep-Alive"],
    body: undefined,
  });
  expect(read(lines("HEAD / HTTP/1.1", "host:x"))?.method).toBe("HEAD");
});

it.each(["POST", "PUT", "PATCH", "DELETE"])("reads a %s whose body is all there", (method) => {
  const head = lines(`${method} /a HTTP/1.1`, "Host: x", "Content-Length: 6");
  expect(read(`${head}a\r\n\r\nb`)?.body?.toString()).toBe("a\r\n\r\nb");
  expect(read(lines(`${method} /a HTTP/1.1`, "Host: x", "Content-Length: 0"))).toMatchObject({ body: undefined });
  expect(read(lines(`${method} /a HTTP/1.1`, "Host: x"))).toMatchObject({ method, body: undefined });
});

it.each([
  ["a head that has not come whole", "GET / HTTP/1.1\r\nHost: x\r\n"],
  ["two requests at once", lines("GET / HTTP/1.1", "Host: x") + lines("GET / HTTP/1.1", "Host: x")],
  ["bytes after the head", `${lines("GET / HTTP/1.1", "Host: x")}x`],
  ["another method", lines("OPTIONS / HTTP/1.1", "Host: x")],
  ["a body in pieces", `${lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5")}half`],
  ["bytes after the body", `${lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5")}hello!`],
  ["a body without a length", `${lines("POST / HTTP/1.1", "Host: x")}hello`],
  ["two lengths", `${lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "Content-Length: 5")}hello`],
  ["a length with a sign", `${lines("POST / HTTP/1.1", "Host: x", "Content-Length: +5")}hello`],
  [
    "a length and chunks",
    `${lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "Transfer-Encoding: chunked")}hello`,
  ],
  ["a body that is waited with", lines("POST / HTTP/1.1", "Host: x", "Content-Length: 5", "Expect: 100-continue")],
  ["an older version", lines("GET / HTTP/1.0", "Host: x")],
  ["an absolute target", lines("GET http://x/ HTTP/1.1", "Host: x")],
  ["a blank in the target", lines("GET /a b HTTP/1.1", "Host: x")],
  ["a length", lines("GET / HTTP/1.1", "Host: x", "content-Length: 0")],
  ["chunks", lines("GET / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked")],
  ["an upgrade", lines("GET / HTTP/1.1", "Host: x", "Upgrade: websocket")],
  ["an expectation", lines("GET / HTTP/1.1", "Host: x", "Expect: 100-continue")],
  ["a connection that is to end", lines("GET / HTTP/1.1", "Host: x", "Connection: close")],
  ["no host", lines("GET / HTTP/1.1", "Accept: */*")],
  ["two hosts", lines("GET / HTTP/1.1", "Host: x", "Host: y")],
  ["a blank before the colon", lines("GET / HTTP/1.1", "Host : x")],
  ["a folded field", lines("GET / HTTP/1.1", "Host: x", "A: b", " c")],
  ["a lone line feed", lines("GET / HTTP/1.1", "Host: x\nContent-Length: 5")],
  ["a lone carriage return", lines("GET / HTTP/1.1", "Host: x\rA: b")],
  ["a zero byte", lines("GET / HTTP/1.1", "Host: x\0")],
  ["a very long head", lines("GET / HTTP/1.1", "Host: x", `A: ${"b".repeat(20_000)}`)],
])("leaves %s to Node's parser", (_what, text) => {
  expect(read(text)).toBeUndefined();
});
