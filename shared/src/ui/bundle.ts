import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

/**
 * Vite's settings to bundle the browser code of an app: `sources` holds app.css, main.ts and theme.ts. The server reads
 * the manifest to know the hashed names (web/assets.ts).
 */
export function bundleOf(root: string, sources: string) {
  return {
    root,
    base: "/assets/",
    publicDir: false as const,
    plugins: [compressedFiles()],
    build: {
      outDir: "dist",
      assetsDir: "",
      emptyOutDir: true,
      manifest: "manifest.json",
      target: "es2023",
      // An inlined font would bloat the style sheet that every first visit loads.
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: ["main.ts", "theme.ts", "app.css"].map((entry) => `${sources}/${entry}`),
      },
    },
  };
}

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

/** Writes each script and style sheet compressed beside itself, so that serving it costs nothing. */
function compressedFiles(): Plugin {
  return {
    name: "compressed-files",
    async writeBundle({ dir = "" }, bundle) {
      for (const file of Object.values(bundle)) {
        if (!/\.(?:js|css)$/.test(file.fileName)) continue;
        const content = Buffer.from(file.type === "chunk" ? file.code : file.source);
        const path = join(dir, file.fileName);
        await writeFile(
          `${path}.br`,
          await brotli(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
        );
        await writeFile(`${path}.gz`, await gzipped(content, { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}
