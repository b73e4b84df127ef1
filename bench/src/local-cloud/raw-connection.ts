import { once } from "node:events";
import { connect, type Socket } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One keep-alive connection that sends finished requests one after the other. It reads no more of an answer than status
 * and Content-Length, so that the generator needs less CPU than any server; what has no Content-Length is refused.
 */
export class RawConnection {
  readonly #socket: Socket;

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Sends what `next` gives until it gives nothing; resolves with how many were answered. Rejects at the first answer
   * other than 200.
   */
  repeat(next: () => Uint8Array | undefined): Promise<number> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      let answered = 0;
      let missing = 0; // bytes of the current answer that have not come
      let held: Buffer | undefined; // the beginning of a head
      const send = () => {
        const request = next();
        if (request) socket.write(request);
        else resolve(answered);
      };
      socket.on("data", (bytes) => {
        if (missing === 0) {
          const head = held ? Buffer.concat([held, bytes]) : bytes;
          const at = head.indexOf(HEAD_END);
          held = at < 0 ? head : undefined;
          if (at < 0) return;
          const text = head.toString("latin1", 0, at);
          const length = CONTENT_LENGTH.exec(text)?.[1];
          if (!text.startsWith("HTTP/1.1 200") || length === undefined) {
            reject(new Error(`Not a plain 200: ${head.toString("latin1", 0, 2000)}`));
            return;
          }
          missing = at + HEAD_END.length + Number(length) - head.length;
        } else missing -= bytes.length;
        if (missing > 0) return;
        answered += 1;
        send();
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("The server closed the connection.")));
      send();
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
