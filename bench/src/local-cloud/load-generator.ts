import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pidOf, stop } from "./cloud-process.ts";
import type { Order, Result } from "./load-main.ts";

export interface LoadGenerator extends AsyncDisposable {
  /** Requests as they go over the wire, for any number of runs. */
  learn(name: string, requests: readonly Uint8Array[]): void;
  run(name: string, port: number, limits: Limits): Promise<Result>;
}

export interface Limits {
  readonly connections: number;
  readonly milliseconds: number;
  /** Ends earlier after so many requests. */
  readonly most?: number;
}

/** What something is measured against. */
export interface Baseline extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
}

export interface EmptyServer extends Baseline {
  /** Requests with a body that came so far. */
  countPosts(): Promise<number>;
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(join(import.meta.dirname, "load-main.ts"), [], { serialization: "advanced", execArgv: [] });
  const order = (message: Order) => child.send(message);
  return {
    learn: (name, requests) => void order({ kind: "requests", name, requests: [...requests] }),
    run: async (name, port, limits) => {
      const gone = new AbortController();
      const ended = once(child, "exit", { signal: gone.signal }).then(() => {
        throw new Error(`The load generator ended with ${child.exitCode ?? child.signalCode}.`);
      });
      const result = once(child, "message") as Promise<[Result]>; // what load-main.ts sends
      order({ kind: "run", name, port, ...limits });
      const [told] = await Promise.race([result, ended]);
      ended.catch(() => undefined);
      gone.abort();
      return told;
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}

export async function startEmptyServer(): Promise<EmptyServer> {
  const { child, ...server } = await startServer("empty-server-main.ts", []);
  return {
    ...server,
    countPosts: async () => {
      child.send("count");
      const [{ posts }] = (await once(child, "message")) as [{ posts: number }]; // what empty-server-main.ts sends
      return posts;
    },
  };
}

/** Its files lie beside local-cloud's, on the same file system, and go with it. */
export async function startFileServer(): Promise<Baseline> {
  const folder = await mkdtemp(join(tmpdir(), "file-server-"));
  const { child, ...server } = await startServer("file-server-main.ts", [folder]);
  return {
    ...server,
    [Symbol.asyncDispose]: async () => {
      await stop(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(main: string, args: readonly string[]) {
  const child = fork(join(import.meta.dirname, main), args, { execArgv: [] });
  const [{ port }] = (await once(child, "message")) as [{ port: number }]; // what every server sends first
  return { child, pid: pidOf(child), port, [Symbol.asyncDispose]: () => stop(child) };
}
