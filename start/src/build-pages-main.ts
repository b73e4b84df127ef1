import { join } from "node:path";
import { buildPages } from "./build-pages.ts";

/** For deploy.sh: the same build that start.sh does, only when a source has changed. */
buildPages(join(import.meta.dirname, "../.."));
