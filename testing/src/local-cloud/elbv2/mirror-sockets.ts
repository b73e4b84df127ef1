import { createHash } from "node:crypto";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Accepts upgrades and mirrors masked frames unmasked; enough of RFC 6455 for short texts. With a greeting, that is
 * sent first.
 */
export function mirrorSockets(
  server: Server,
  greeting?: string,
  opened: (socket: Duplex) => void = () => undefined,
): void {
  server.on("upgrade", (req, socket) => {
    const key = `${req.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    if (greeting !== undefined)
      socket.write(Buffer.concat([Uint8Array.of(0x81, greeting.length), Buffer.from(greeting)]));
    socket.on("data", (frame: Buffer) => {
      const closes = ((frame[0] ?? 0) & 0x0f) === 8;
      const length = (frame[1] ?? 0) & 0x7f;
      const mask = frame.subarray(2, 6);
      const data = frame.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
      socket.write(Buffer.concat([Uint8Array.of(frame[0] ?? 0, length), data]));
      if (closes) socket.end(); // the server ends the connection first
    });
    socket.on("error", () => undefined);
    opened(socket);
  });
}
