import { runLifecycle } from "../process.ts";
import { createArchiveStore } from "../store/create-store.ts";
import { thawResult } from "./thaw-result.ts";

await runLifecycle({ name: "thaw", queue: "thaw" }, ({ config, resources, db, s3, outbox, log }) => {
  const deps = { db, s3, store: createArchiveStore(config, resources, s3), outbox, resources, config, log };
  return { handle: (message, stop) => thawResult(deps, message, stop) };
});
