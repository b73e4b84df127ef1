import { parentPort } from "node:worker_threads";
import { type ReplayQuestion, replay } from "@elastic-gas/scaling/simulator/replay";

/** The thread of the simulator: a question in, its answer out. What fails here fails as the thread's error. */
parentPort?.on("message", (question: ReplayQuestion) => parentPort?.postMessage(replay(question)));
