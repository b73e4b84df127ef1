import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { waitUntil } from "@elastic-gas/testing/wait-until";
import { describe, expect, it, onTestFinished } from "vitest";
import { readUpload } from "../api/read-upload.ts";
import { readForm } from "../masks/upload/multipart.ts";
import { abortWhenSenderLeaves, SenderGone } from "./sender-gone.ts";

// Senders that left while their worker waited for something else: no event of theirs comes any more.

const MAX_BYTES = 100_000_000;
const BODIES = {
  "multipart/form-data; boundary=b":
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n',
  "application/x-www-form-urlencoded": "username=ta&password=secret",
  "application/octet-stream": "##fileformat=VCFv4.2\n",
};
type Kind = keyof typeof BODIES;

/** A request whose sender announced `length` bytes and has left. */
async function gone(kind: Kind, length = BODIES[kind].length): Promise<{ req: IncomingMessage; res: ServerResponse }> {
  const server = createServer();
  const arrived = once(server, "request");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${kind}\r\nContent-Length: ${length}\r\n\r\n`;
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(head + BODIES[kind]));
  const [req, res] = (await arrived) as [IncomingMessage, ServerResponse];
  socket.destroy();
  await waitUntil("the worker to see it", () => req.closed && res.destroyed);
  return { req, res };
}

const FORMS = ["multipart/form-data; boundary=b", "application/x-www-form-urlencoded"] as const;
const UPLOADS = ["multipart/form-data; boundary=b", "application/octet-stream"] as const;

describe.each([
  ["half", 30_000_000],
  ["all", undefined],
])("of a body that was sent by %s", (_, length) => {
  it.each(FORMS)("the reading of a form ends: %s", async (kind) => {
    const { req } = await gone(kind, length);
    await expect(readForm(req)).rejects.toThrow(SenderGone);
  });

  it.each(UPLOADS)("the reading of a file ends: %s", async (kind) => {
    const { req } = await gone(kind, length);
    await expect(readUpload(req, MAX_BYTES)).rejects.toThrow(SenderGone);
  });
});

it("such a body keeps no room: any number of them, and the next file is taken", async () => {
  // Four of this length are all that may be on its way.
  for (let count = 0; count < 6; count += 1) {
    const { req } = await gone("application/octet-stream", 30_000_000);
    await expect(readUpload(req, MAX_BYTES)).rejects.toThrow(SenderGone);
  }
});

it("what is done for such a sender is stopped from the beginning", async () => {
  const { res } = await gone("application/octet-stream");
  expect(abortWhenSenderLeaves(res).reason).toBeInstanceOf(SenderGone);
});
