import { openPack, type Pack } from "../pack/pack.ts";
import { AnnotationFailure } from "../vcf/failure.ts";
import { runEngine } from "./engine.ts";
import { EngineMessage, type EngineReply, type EngineRequest } from "./protocol.ts";

// The engine in a process of its own, so that a worker can limit and end it: requests come by the IPC channel, one at a
// time.

const PROGRESS_MS = 1_000;
const packs = new Map<string | null, Pack>();

process.on("message", (message) => {
  const request = EngineMessage.parse(message);
  if (request.kind === "prepare") packOf(request.packDirectory);
  else void answer(request);
});
// Without its worker nobody wants the result.
process.once("disconnect", () => process.exit(1));

async function answer(request: EngineRequest): Promise<void> {
  let toldAt = performance.now();
  try {
    const summary = await runEngine({
      ...request,
      pack: packOf(request.packDirectory),
      onProgress(percent) {
        if (performance.now() - toldAt < PROGRESS_MS) return;
        toldAt = performance.now();
        reply({ kind: "progress", percent });
      },
    });
    reply({ kind: "done", summary, rssBytes: process.memoryUsage.rss() });
  } catch (error) {
    // Anything else ends the process, which its worker takes for a crash.
    if (!(error instanceof AnnotationFailure)) throw error;
    reply({ kind: "failed", sentence: error.message, rssBytes: process.memoryUsage.rss() });
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
