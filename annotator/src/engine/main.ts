import { openPack } from "../pack/pack.ts";
import { AnnotationFailure } from "../vcf/failure.ts";
import { runEngine } from "./engine.ts";
import { type EngineReply, EngineRequest } from "./protocol.ts";

// The engine in a process of its own, so that a worker can end it: one request by the IPC channel, then the process ends.

const PROGRESS_MS = 1_000;

process.once("message", (message) => void answer(message));
// Without its worker nobody wants the result.
process.once("disconnect", () => process.exit(1));

async function answer(message: unknown): Promise<void> {
  const request = EngineRequest.parse(message);
  let toldAt = performance.now();
  try {
    const summary = await runEngine({
      ...request,
      pack: openPack(request.packDirectory ?? undefined),
      onProgress(percent) {
        if (performance.now() - toldAt < PROGRESS_MS) return;
        toldAt = performance.now();
        reply({ kind: "progress", percent });
      },
    });
    reply({ kind: "done", summary }, 0);
  } catch (error) {
    if (!(error instanceof AnnotationFailure)) throw error;
    reply({ kind: "failed", sentence: error.message }, 0);
  }
}

function reply(content: EngineReply, exitCode?: number): void {
  process.send?.(content, undefined, undefined, () => {
    if (exitCode !== undefined) process.exit(exitCode);
  });
}
