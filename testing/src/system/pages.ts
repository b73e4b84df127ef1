import { join } from "node:path";
import { buildPages } from "@elastic-gas/start/build-pages";

/** vitest's global set-up: the pages' scripts and styles, built as start.sh does where a source has changed. */
export function setup(): void {
  buildPages(join(import.meta.dirname, "../../.."));
}
