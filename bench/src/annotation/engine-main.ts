import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { runEngine } from "@elastic-gas/annotator/engine/engine";
import { openPack } from "@elastic-gas/annotator/pack/pack";

/** One job of the engine as a whole process: `FILE FOLDER [PACK]`. Adds its memory and time to FOLDER/runs.txt. */
const [inputPath = "", folder = "", pack] = process.argv.slice(2);
const { durationMs } = await runEngine({
  inputPath,
  outputPath: join(folder, "out.vcf"),
  logPath: join(folder, "log"),
  workDirectory: folder,
  fileName: "in.vcf",
  pack: openPack(pack),
  build: pack === undefined ? null : "GRCh38",
});
appendFileSync(join(folder, "runs.txt"), `${process.resourceUsage().maxRSS * 1_024} ${durationMs}\n`);
