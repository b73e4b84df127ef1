import { endOfLog } from "@elastic-gas/shared/reliability/running-log";
import { openPack, type Pack } from "../pack/pack.ts";
import { AnnotationFailure } from "../vcf/failure.ts";
import { runEngine } from "./engine.ts";
import { EngineMessage, type EngineReply, type EngineRequest } from "./protocol.ts";
import { RunProgress } from "./run-progress.ts";

// The engine in a process of its own, so that a worker can limit and end it: requests come by the IPC channel, one at a
// time.

const TELL_MS = 1_000;
const packs = new Map<string | null, Pack>();

process.on("message", (message) => {
  const request = EngineMessage.parse(message);
  if (request.kind === "prepare") packOf(request.packDirectory);
  else void answer(request);
});
// A machine that ends asks all its processes to end. The worker gives its job time, and ends this one by SIGKILL.
process.on("SIGTERM", () => undefined);
// Without its worker nobody wants the result.
process.once("disconnect", () => process.exit(1));

async function answer(request: EngineRequest): Promise<void> {
  const pack = packOf(request.packDirectory);
  const progress = new RunProgress({ fileName: request.fileName, pack: pack.name });
  const logSoFar = () => endOfLog(progress.log());
  const telling = setInterval(() => reply({ kind: "progress", percent: progress.percent, log: logSoFar() }), TELL_MS);
  try {
    const summary = await runEngine({ ...request, pack, progress });
    reply({ kind: "done", summary, rssBytes: process.memoryUsage.rss() });
  } catch (error) {
    // Anything else ends the process, which its worker takes for a crash.
    if (!(error instanceof AnnotationFailure)) throw error;
    reply({ kind: "failed", sentence: error.message, log: logSoFar(), rssBytes: process.memoryUsage.rss() });
  } finally {
    clearInterval(telling);
  }
}

function packOf(directory: string | null): Pack {
  const pack = packs.get(directory) ?? openPack(directory ?? undefined);
  packs.set(directory, pack);
  return pack;
}

function reply(content: EngineReply): void {
  process.send?.(content, undefined, undefined, () => undefined);
}
