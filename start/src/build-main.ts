import { join } from "node:path";
import { buildPages } from "./build-pages.ts";
import { buildPrograms } from "./build-programs.ts";

/** For deploy.sh: the same builds that start.sh does, only where a source has changed. */
const root = join(import.meta.dirname, "../..");
buildPages(root);
await buildPrograms(root);
