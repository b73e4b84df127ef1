import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { expect, it, onTestFinished } from "vitest";
import { IncomingBody } from "./body/incoming-body.ts";
import { readWholeBody } from "./body/whole-body.ts";
import { sendResponse } from "./send.ts";

// Callers that hung up while something else was awaited: no event of theirs comes any more, and nobody waits for one.

const BODY = "all of it";

/** A request whose caller has hung up, with its response. */
async function hungUp(contentLength: number): Promise<{ request: IncomingMessage; response: ServerResponse }> {
  const server = createServer();
  const arrived = once(server, "request");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () =>
    socket.write(`PUT /b/k HTTP/1.1\r\nHost: x\r\nContent-Length: ${contentLength}\r\n\r\n${BODY}`),
  );
  const [request, response] = (await arrived) as [IncomingMessage, ServerResponse];
  socket.destroy();
  await waitUntil("the server to see it", () => request.closed && response.destroyed);
  return { request, response };
}

it.each([
  ["half of its body", 100],
  ["all of its body", BODY.length],
])("a caller that sent %s ends the reading", async (_, contentLength) => {
  const { request } = await hungUp(contentLength);
  await expect(readWholeBody(request)).rejects.toThrow("hung up");
  await expect(buffer(new IncomingBody(request, undefined))).rejects.toThrow("hung up");
});

it("a caller that waited for a stream lets go of it", async () => {
  const { response } = await hungUp(BODY.length);
  const body = Readable.from(["what a blob holds"]);
  sendResponse(
    response,
    { statusCode: 200, headers: {}, body },
    {
      date: "",
      requestId: "r",
      extraHeaders: {},
      isHead: false,
    },
  );
  await waitUntil("its end", () => body.destroyed);
});
