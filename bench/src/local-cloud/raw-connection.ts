import { once } from "node:events";
import { connect, type Socket } from "node:net";

const HEAD_END = Buffer.from("\r\n\r\n");
const OK = "HTTP/1.1 200";
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;
const READ_BYTES = 256 * 1024;

/**
 * One keep-alive connection that sends finished requests one after the other. It reads no more of an answer than status
 * and Content-Length, into one buffer, so that the generator needs less CPU than any server; what has no Content-Length
 * is refused.
 */
export class RawConnection {
  readonly #socket: Socket;
  #take: (bytes: Buffer) => void = () => undefined;

  static async open(port: number): Promise<RawConnection> {
    const connection = new RawConnection(port);
    await once(connection.#socket, "connect");
    return connection;
  }

  private constructor(port: number) {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const callback = (length: number): boolean => {
      this.#take(buffer.subarray(0, length));
      return true;
    };
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, onread: { buffer, callback } });
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
      this.#take = (bytes) => {
        if (missing === 0) {
          const head = held ? Buffer.concat([held, bytes]) : bytes;
          const at = head.indexOf(HEAD_END);
          held = at < 0 ? Buffer.from(head) : undefined; // the buffer is read into again
          if (at < 0) return;
          const text = head.toString("latin1", 0, at);
          const length = CONTENT_LENGTH.exec(text)?.[1];
          if (!text.startsWith(OK) || length === undefined) {
            reject(new Error(`Not a plain 200: ${head.toString("latin1", 0, 2000)}`));
            return;
          }
          missing = at + HEAD_END.length + Number(length) - head.length;
        } else missing -= bytes.length;
        if (missing > 0) return;
        answered += 1;
        send();
      };
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("The server closed the connection.")));
      send();
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
