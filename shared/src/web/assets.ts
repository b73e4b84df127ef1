import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const Manifest = z.record(z.string(), z.object({ file: z.string() }));

/** Addresses of the bundled browser code; undefined each when it was not built: pages then come plain, and work. */
export interface Assets {
  readonly folder: string;
  readonly style: string | undefined;
  readonly script: string | undefined;
  readonly themeScript: string | undefined;
}

/**
 * Reads what Vite built into `folder` from the entries app.css, main.ts and theme.ts of `sources`, as the
 * vite.config.ts beside them writes it. Names carry a hash of their content, so browsers may keep them for ever.
 */
export function readAssets(folder: string, sources: string): Assets {
  const path = join(folder, "manifest.json");
  if (!existsSync(path)) return { folder, style: undefined, script: undefined, themeScript: undefined };
  const manifest = Manifest.parse(JSON.parse(readFileSync(path, "utf8")));
  const address = (entry: string) => {
    const file = manifest[`${sources}/${entry}`]?.file;
    return file === undefined ? undefined : `/assets/${file}`;
  };
  return { folder, style: address("app.css"), script: address("main.ts"), themeScript: address("theme.ts") };
}
