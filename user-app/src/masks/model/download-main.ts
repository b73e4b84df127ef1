import { downloadModel, PUBLISHED_MODEL } from "./model-file.ts";

/** Run once by start-up on one machine: brings the published model to the path given, for all workers. Exit code 1 and a sentence when it cannot be had. */
const [path = ""] = process.argv.slice(2);
try {
  await downloadModel(path, PUBLISHED_MODEL);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
