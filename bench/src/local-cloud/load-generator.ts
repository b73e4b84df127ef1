import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pidOf, stop } from "./cloud-process.ts";
import type { Order, Result } from "./load-main.ts";

export interface LoadGenerator extends AsyncDisposable {
  /** Requests as they go over the wire, for any number of runs. */
  learn(name: string, requests: readonly Uint8Array[]): void;
  run(name: string, port: number, connections: number, milliseconds: number): Promise<Result>;
}

export interface EmptyServer extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "load-main.ts"), [], { serialization: "advanced" });
  const order = (message: Order) => child.send(message);
  return {
    learn: (name, requests) => void order({ kind: "requests", name, requests: [...requests] }),
    run: async (name, port, connections, milliseconds) => {
      const gone = new AbortController();
      const ended = once(child, "exit", { signal: gone.signal }).then(() => {
        throw new Error(`The load generator ended with ${child.exitCode ?? child.signalCode}.`);
      });
      const result = once(child, "message") as Promise<[Result]>; // what load-main.ts sends
      order({ kind: "run", name, port, connections, milliseconds });
      const [told] = await Promise.race([result, ended]);
      ended.catch(() => undefined);
      gone.abort();
      return told;
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

export async function startEmptyServer(): Promise<EmptyServer> {
  const child = fork(join(import.meta.dirname, "empty-server-main.ts"));
  const [{ port }] = (await once(child, "message")) as [{ port: number }]; // what empty-server-main.ts sends
  return { pid: pidOf(child), port, [Symbol.asyncDispose]: () => stop(child) };
}
