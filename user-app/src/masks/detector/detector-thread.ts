import { Worker } from "node:worker_threads";
import type { WorkerAnswer, WorkerOptions, WorkerRequest } from "./worker-messages.ts";

/** The model file does not work, so no thread will. */
export class ModelRejected extends Error {
  override name = "ModelRejected";
}

const CLOSE_TIMEOUT_MS = 5_000;

/** One detector thread, checking one picture at a time. */
export interface DetectorThread {
  /**
   * One at a time. Rejects when the thread ends or the time is over; then the thread is gone and a new one is needed.
   */
  run(bytes: Uint8Array, timeoutMs: number): Promise<WorkerAnswer>;
  close(): Promise<void>;
}

/** Resolves when the model is loaded. Throws ModelRejected when the file is no mask model. */
export async function startDetectorThread(options: WorkerOptions): Promise<DetectorThread> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: options,
    // The thread needs no settings, and holds no secrets then.
    env: {},
    execArgv: ["--enable-source-maps"],
  });
  const first = await nextAnswer(worker, 60_000).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });
  if (first.kind === "unusable model") {
    await worker.terminate();
    throw new ModelRejected(first.message);
  }
  worker.on("message", ({ kind }: WorkerAnswer) => {
    // After what has come in at this thread meanwhile.
    if (kind === "step ended") setImmediate(() => send({ kind: "go on" }));
  });
  // An idle thread must not keep the process alive.
  worker.unref();
  let lastId = 0;
  let underWay: Promise<unknown> = Promise.resolve();
  const send = (request: WorkerRequest) => worker.postMessage(request);
  return {
    async run(bytes, timeoutMs) {
      lastId += 1;
      const answer = nextAnswer(worker, timeoutMs);
      underWay = answer.catch(() => {});
      send({ kind: "check", id: lastId, bytes });
      try {
        return await answer;
      } catch (error) {
        await worker.terminate();
        throw error;
      }
    },
    async close() {
      // Ending a thread while its native code runs aborts the whole process, so it is asked to end by itself.
      await underWay;
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS);
      worker.ref();
      send({ kind: "end" });
      await ended;
      clearTimeout(timer);
    },
  };
}

function nextAnswer(worker: Worker, timeoutMs: number): Promise<WorkerAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer>();
  const onMessage = (answer: WorkerAnswer) => {
    if (answer.kind !== "step ended") resolve(answer);
  };
  const onError = (error: unknown) => reject(new Error("The detector thread failed.", { cause: error }));
  const onExit = (code: number) => reject(new Error(`The detector thread ended with code ${code}.`));
  const timer = setTimeout(
    () => reject(new Error(`The detector thread gave no answer for ${timeoutMs} ms.`)),
    timeoutMs,
  );
  worker.on("message", onMessage);
  worker.on("error", onError);
  worker.on("exit", onExit);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off("message", onMessage);
    worker.off("error", onError);
    worker.off("exit", onExit);
  });
}
