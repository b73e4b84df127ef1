import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { readSample } from "@elastic-gas/testing/user-app/mask-samples";
import { expect, it, onTestFinished } from "vitest";
import { SHIPPED_MODEL } from "../model/mask-model.ts";
import { startDetectorThread } from "./detector-thread.ts";
import type { WorkerAnswer, WorkerRequest } from "./worker-messages.ts";

/** A bare thread, which only does what the test tells it. */
async function startBareThread() {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: { modelPath: SHIPPED_MODEL },
    env: {},
    execArgv: [],
  });
  onTestFinished(async () => void (await worker.terminate()));
  const answers: string[] = [];
  worker.on("message", ({ kind }: WorkerAnswer) => answers.push(kind));
  await once(worker, "message");
  const send = (request: WorkerRequest) => worker.postMessage(request);
  return { worker, answers, send };
}

it("waits after each part of a picture until it is told to go on", async () => {
  const { worker, answers, send } = await startBareThread();
  const other = await startDetectorThread({ modelPath: SHIPPED_MODEL });
  onTestFinished(() => other.close());
  const bytes = readSample("wide-six.jpg");
  send({ kind: "check", id: 1, bytes });
  await once(worker, "message");
  // Time enough for more than the rest of that picture.
  for (let id = 0; id < 3; id += 1) expect((await other.run(bytes, 60_000)).kind).toBe("checked");
  expect(answers).toEqual(["ready", "step ended"]);
  while (answers.at(-1) === "step ended") {
    send({ kind: "go on" });
    await once(worker, "message");
  }
  expect(answers.at(-1)).toBe("checked");
  // Decoded; the whole picture and its tiles; found; drawn.
  expect(answers.filter((kind) => kind === "step ended").length).toBeGreaterThan(4);
});
