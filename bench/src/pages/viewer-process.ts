import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ViewerOptions } from "@elastic-gas/testing/manager/viewers";
import type { Taken } from "./viewers-main.ts";

/** Open dashboards in processes of their own. */
export interface ViewerProcesses extends AsyncDisposable {
  /** Opens so many instead of those before; resolves when each has the fleet and its charts. */
  open(options: ViewerOptions): Promise<void>;
  /** What came since the last time, of all. */
  take(): Promise<Taken>;
}

export function startViewers(count: number): ViewerProcesses {
  const children = Array.from({ length: count }, () =>
    fork(fileURLToPath(new URL("viewers-main.ts", import.meta.url)), [], { execArgv: [] }),
  );
  const exits = children.map((child) => once(child, "exit"));
  const ask = async (index: number, question: ViewerOptions | "take"): Promise<unknown> => {
    const child = children[index];
    if (child === undefined) return undefined;
    const ended = exits[index]?.then(() => Promise.reject(new Error("A process of dashboards ended.")));
    const answer = Promise.race([once(child, "message"), ended]);
    child.send(question);
    return (await answer)?.[0];
  };
  return {
    async open(options) {
      const share = Math.ceil(options.count / count);
      await Promise.all(
        children.map((_, index) => {
          const own = Math.max(0, Math.min(share, options.count - index * share));
          return ask(index, { ...options, count: own });
        }),
      );
    },
    async take() {
      const all = (await Promise.all(children.map((_, index) => ask(index, "take")))) as readonly Taken[]; // as it sends
      const sum = (read: (taken: Taken) => number): number => all.reduce((total, taken) => total + read(taken), 0);
      return {
        latencies: all.flatMap(({ latencies }) => latencies),
        bytes: sum(({ bytes }) => bytes),
        disconnects: sum(({ disconnects }) => disconnects),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) if (child.connected) child.disconnect();
      await Promise.all(exits);
    },
  };
}
