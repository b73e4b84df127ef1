import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const WORKER = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
const Message = z.object({ port: z.number().optional(), event: z.enum(["arrived", "answered"]).optional() });

/** A worker in a process of its own; see worker-process.ts. */
export interface Worker {
  readonly child: ChildProcess;
  readonly port: number;
  /** Requests that it has begun and not answered. */
  inFlight(): number;
  /** Answers what it holds back. */
  release(): void;
  end(signal: NodeJS.Signals): Promise<void>;
}

export async function startWorker(name: string, port = 0, manner: "steady" | "closing" = "steady"): Promise<Worker> {
  const child = fork(WORKER, [name, String(port), manner]);
  let listening = 0;
  let inFlight = 0;
  child.on("message", (raw) => {
    const { port: told, event } = Message.parse(raw);
    if (told !== undefined) listening = told;
    if (event === "arrived") inFlight += 1;
    if (event === "answered") inFlight -= 1;
  });
  await once(child, "message");
  return {
    child,
    port: listening,
    inFlight: () => inFlight,
    release: () => void child.send("release"),
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}
