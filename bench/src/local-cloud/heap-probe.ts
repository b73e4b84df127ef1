import { once } from "node:events";
import { z } from "zod";

const Reply = z.object({ id: z.number(), result: z.looseObject({ usedSize: z.number().optional() }).optional() });
const BYTES = 1024 ** 2;

/** Reads the JavaScript heap of a process that was started with `--inspect`, over the Chrome DevTools protocol. */
export class HeapProbe implements Disposable {
  readonly #socket: WebSocket;
  #id = 0;

  /** `stderr` is what the process wrote: Node tells the inspector's address there. */
  static async attach(stderr: string): Promise<HeapProbe> {
    const [address] = /ws:\/\/\S+/.exec(stderr) ?? [];
    if (address === undefined) throw new Error(`No inspector listens: ${stderr}`);
    const socket = new WebSocket(address);
    await once(socket, "open");
    return new HeapProbe(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** What is still referenced, after a full collection. */
  async usedMebibytes(): Promise<number> {
    await this.#call("HeapProfiler.collectGarbage");
    const { usedSize } = await this.#call("Runtime.getHeapUsage");
    if (usedSize === undefined) throw new Error("The inspector told no heap usage.");
    return usedSize / BYTES;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #call(method: string): Promise<{ readonly usedSize?: number | undefined }> {
    this.#id += 1;
    const id = this.#id;
    return new Promise((resolve) => {
      const listen = ({ data }: MessageEvent) => {
        const reply = Reply.parse(JSON.parse(String(data)));
        if (reply.id !== id) return;
        this.#socket.removeEventListener("message", listen);
        resolve(reply.result ?? {});
      };
      this.#socket.addEventListener("message", listen);
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }
}
